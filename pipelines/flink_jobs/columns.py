"""What a job's SQL takes from records: column lists and checks, so that no column is named twice.

A job.toml asks for one as "<shape> <record>", for example `event_wire = "wire event"`, or for some
of the record's columns: "wire event: site_id, event_at".
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from pipelines.flink_jobs.errors import BadJob
from schemas.flink import quoted, row_value, wire_columns
from schemas.loaders.records import Field, Kind, Record

# 9999-12-31: what a table's timestamp holds; a larger number is a broken clock or an attack.
_LAST_MS: Final = 253_402_300_799_999


def columns(request: str, records: Mapping[str, Record]) -> str:
    """Return the SQL that the request asks for; BadJob lists the shapes, or names the column."""
    shape, _, rest = request.partition(" ")
    name, _, chosen = rest.partition(": ")
    if shape not in _SHAPES or name not in records:
        shapes = ", ".join(_SHAPES)
        raise BadJob(f"columns {request!r}: write one of {shapes}, and the name of a record.")
    record = records[name]
    return _SHAPES[shape](_cut(record, chosen.split(", "), request) if chosen else record)


def _cut(record: Record, chosen: Sequence[str], request: str) -> Record:
    """Return the record with the chosen columns alone, in its own order."""
    if unknown := set(chosen) - {field.name for field in record.fields}:
        raise BadJob(f"columns {request!r}: {record.name} has no {sorted(unknown)[0]!r}.")
    return replace(record, fields=tuple(f for f in record.fields if f.name in chosen))


def names(record: Record) -> str:
    """Return the record's columns, to select or to insert into."""
    return ",\n".join(f"    {quoted(field.name)}" for field in record.fields)


def row_values(record: Record) -> str:
    """Return the expressions that turn the record's wire columns into a table's row.

    A time outside of what a table can hold becomes NULL.
    """
    return ",\n".join(f"    {_row_value(field)} AS {quoted(field.name)}" for field in record.fields)


def text_columns(record: Record) -> str:
    """Return DDL for writing JSON: as on the wire, decimals as text."""
    return wire_columns(record.fields).replace("DECIMAL(18, 4)", "STRING")


def text_values(record: Record) -> str:
    """Return the record's wire columns as they are written to JSON, decimals as text."""
    return ",\n".join(f"    {_text_value(field)}" for field in record.fields)


def missing(record: Record) -> str:
    """Return the name of the first required column that is NULL or unusable, NULL if none is."""
    required = [field for field in record.fields if not field.is_nullable]
    tests = (f"        WHEN {_is_missing(field)} THEN '{field.name}'" for field in required)
    return "\n".join(["CASE", *tests, "    END"])


def json_object(record: Record) -> str:
    """Return a JSON object of the record's columns, as far as they could be read."""
    pairs = (f"'{field.name}' VALUE {quoted(field.name)}" for field in record.fields)
    return f"JSON_OBJECT({', '.join(pairs)} ABSENT ON NULL)"


def _row_value(field: Field) -> str:
    name = quoted(field.name)
    if field.kind is Kind.TIMESTAMP_MS:
        return f"CASE WHEN {name} BETWEEN 0 AND {_LAST_MS} THEN {row_value(field)} END"
    if field.kind is Kind.DATE:
        return f"TRY_CAST({name} AS DATE)"
    return row_value(field)


def _text_value(field: Field) -> str:
    name = quoted(field.name)
    return f"CAST({name} AS STRING)" if field.kind is Kind.DECIMAL else name


def _is_missing(field: Field) -> str:
    name = quoted(field.name)
    if field.kind is Kind.TIMESTAMP_MS:
        return f"{name} IS NULL OR {name} NOT BETWEEN 0 AND {_LAST_MS}"
    if field.kind is Kind.DATE:
        return f"TRY_CAST({name} AS DATE) IS NULL"
    if field.symbols:
        known = ", ".join(f"'{symbol}'" for symbol in field.symbols)
        return f"{name} IS NULL OR {name} NOT IN ({known})"
    return f"{name} IS NULL"


def _wire(record: Record) -> str:
    return wire_columns(record.fields)


def _header(record: Record) -> str:
    return record.header


_SHAPES: Final[dict[str, Callable[[Record], str]]] = {
    "wire": _wire,
    "names": names,
    "row_values": row_values,
    "text": text_columns,
    "text_values": text_values,
    "missing": missing,
    "json": json_object,
    "header": _header,
}
