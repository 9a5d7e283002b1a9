"""Column lists of Flink SQL, made from records."""

from collections.abc import Iterable

from schemas.loaders.records import Field, Kind, Record

_WIRE = {
    Kind.STRING: "STRING",
    Kind.INT: "INT",
    Kind.LONG: "BIGINT",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.DOUBLE: "DOUBLE",
    Kind.TIMESTAMP_MS: "BIGINT",
    Kind.DATE: "STRING",
}
_ROW = {**_WIRE, Kind.TIMESTAMP_MS: "TIMESTAMP_LTZ(6)", Kind.DATE: "DATE"}


def wire_columns(fields: Iterable[Field]) -> str:
    """Return DDL columns as the record stands in JSON: times are BIGINT ms, dates STRING."""
    return _columns(fields, _WIRE)


def row_columns(record: Record) -> str:
    """Return DDL columns as the record stands in its table."""
    return _columns(record.fields, _ROW)


def row_value(field: Field) -> str:
    """Return the expression that turns a wire column into the table's column."""
    name = quoted(field.name)
    if field.kind is Kind.TIMESTAMP_MS:
        return f"CAST(TO_TIMESTAMP_LTZ({name}, 3) AS TIMESTAMP_LTZ(6))"
    if field.kind is Kind.DATE:
        return f"CAST({name} AS DATE)"
    return name


def quoted(name: str) -> str:
    """Return the name in back-quotes, so that a reserved word is no trap."""
    return f"`{name}`"


def _columns(fields: Iterable[Field], types: dict[Kind, str]) -> str:
    return ",\n".join(f"    {quoted(field.name)} {_type(field, types)}" for field in fields)


def _type(field: Field, types: dict[Kind, str]) -> str:
    if field.kind is Kind.DECIMAL:
        return f"DECIMAL({field.precision}, {field.scale})"
    return types[field.kind]
