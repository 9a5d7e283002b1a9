"""A small real lake for unit tests: pyiceberg's own catalog in memory, files in a folder."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyiceberg.catalog import Catalog
from pyiceberg.catalog.memory import InMemoryCatalog

from pipelines.lake.columns import schema_of
from schemas.load import RECORDS, TABLES


def new_lake(folder: Path, *tables: str) -> Catalog:
    """Return a catalog with these tables of schemas/, empty and without partitions.

    Writing into partitions by day would take an extension of pyiceberg that nothing else needs.
    """
    lake = InMemoryCatalog("lake", warehouse=folder.as_uri())
    lake.create_namespace("web")
    for name in tables:
        lake.create_table(("web", name), schema_of(TABLES[name], RECORDS[TABLES[name].record]))
    return lake


def append(lake: Catalog, table: str, rows: list[dict[str, Any]], **flink: str) -> None:
    """Append rows, columns left out being filled; `flink` is the snapshot's job and checkpoint."""
    found = lake.load_table(("web", table))
    schema = found.schema().as_arrow()
    columns = {
        field.name: pa.array([row.get(field.name, _filling(field)) for row in rows], field.type)
        for field in schema
    }
    summary = {f"flink.{key.replace('_', '-')}": value for key, value in flink.items()}
    found.append(pa.table(columns, schema=schema), snapshot_properties=summary)


def at(epoch_ms: int) -> datetime:
    """Return the moment as tables hold it."""
    return datetime.fromtimestamp(epoch_ms / 1000, UTC)


def _filling(field: "pa.Field[Any]") -> Any:
    if pa.types.is_timestamp(field.type):
        return at(1_000)
    if pa.types.is_date(field.type) or pa.types.is_decimal(field.type):
        return None
    return {"string": "x", "bool": False}.get(str(field.type).removeprefix("large_"), 0)
