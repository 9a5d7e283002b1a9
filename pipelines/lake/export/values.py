"""Values as Trino writes them -> what files hold: ISO 8601 in text, Arrow's types in Parquet."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from pipelines.lake.export.errors import ExportRefused
from pipelines.lake.trino import Column

if TYPE_CHECKING:
    import pyarrow as pa

_INSTANT: Final = re.compile(r"timestamp\([0-6]\) with time zone")
_DECIMAL: Final = re.compile(r"decimal\((\d+),\s*(\d+)\)")
_ARRAY: Final = re.compile(r"array\((.+)\)")
_TEXT: Final = re.compile(r"(var)?char(\(\d+\))?")
_PLAIN: Final = ("boolean", "integer", "bigint", "double", "date")


def check_columns(columns: Sequence[Column]) -> None:
    """Raise ExportRefused for a column of a type that files have no form for."""
    for column in columns:
        arrow_type(column)


def texts(column: Column, values: Sequence[Any]) -> Sequence[Any]:
    """Return values as JSON has them: times in ISO 8601, UTC; decimals as their exact text."""
    if not _INSTANT.fullmatch(column.type):
        return values
    return [None if value is None else _iso(value) for value in values]


def _iso(text: str) -> str:
    """Return `2026-03-01T10:00:00.000000Z` of `2026-03-01 10:00:00.000000 UTC`."""
    moment, _, zone = text.rpartition(" ")
    if zone != "UTC":
        local = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(zone))
        moment = f"{local.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
    return f"{moment.replace(' ', 'T', 1)}Z"


def arrow_type(column: Column) -> "pa.DataType":
    """Return the type of a column in Parquet; raises ExportRefused."""
    return _arrow(column.type)


def _arrow(name: str) -> "pa.DataType":
    import pyarrow as pa

    if match := _DECIMAL.fullmatch(name):
        return pa.decimal128(int(match[1]), int(match[2]))
    if match := _ARRAY.fullmatch(name):
        return pa.list_(_arrow(match[1]))
    if _TEXT.fullmatch(name):
        return pa.string()
    if _INSTANT.fullmatch(name):
        return pa.timestamp("us", "UTC")
    if name not in _PLAIN:
        raise ExportRefused(f"Columns of type {name} cannot be exported.")
    made: dict[str, Callable[[], pa.DataType]] = {
        "boolean": pa.bool_,
        "integer": pa.int32,
        "bigint": pa.int64,
        "double": pa.float64,
        "date": pa.date32,
    }
    return made[name]()


def arrow_values(column: Column, values: Sequence[Any]) -> "pa.Array[Any]":
    """Return a column of some rows in its type of Parquet."""
    import pyarrow as pa

    wanted = arrow_type(column)
    if pa.types.is_floating(wanted):
        return pa.array([None if value is None else float(value) for value in values], wanted)
    if pa.types.is_temporal(wanted) or pa.types.is_decimal(wanted):
        return pa.array(texts(column, values), pa.string()).cast(wanted)
    return pa.array(values, wanted)
