"""Tables: schemas/tables/*.toml says how a record is kept; the file's name is the table's name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from schemas.loaders.records import Record
from schemas.loaders.strict import SchemaError, build, read_toml


@dataclass(frozen=True)
class Partition:
    """One partition field: `transform` is identity, day or month."""

    column: str
    transform: str


@dataclass(frozen=True)
class Table:
    """One Iceberg table of schema `web`: row, writer, layout. `keep_days` None: kept."""

    name: str
    doc: str
    owner: str
    writer: str
    record: str
    partition_by: tuple[str, ...]
    sort_by: tuple[str, ...]
    keep_days: int | None = None
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def partitions(self) -> tuple[Partition, ...]:
        """Partition fields, parsed from `day(column)` or plain `column`."""
        return tuple(parse_partition(text) for text in self.partition_by)


def parse_partition(text: str) -> Partition:
    """Return the partition field that `day(event_at)` or `local_date` names."""
    match = re.fullmatch(r"(?:(day|month)\()?([a-z_]+)\)?", text)
    if match is None or (match[1] is None) != (")" not in text):
        raise SchemaError(f"partition {text!r}: write a column, day(column) or month(column)")
    return Partition(match[2], match[1] or "identity")


def load_tables(folder: Path, records: Mapping[str, Record]) -> dict[str, Table]:
    """Return all tables by name; the record and every column they name must exist."""
    defaults = read_toml(folder / "_defaults.toml")["properties"]
    tables = {}
    for path in sorted(folder.glob("[a-z]*.toml")):
        content = read_toml(path)
        content["properties"] = {**defaults, **content.get("properties", {})}
        table = build(Table, {"name": path.stem, **content}, f"tables/{path.name}")
        if table.record not in records:
            raise SchemaError(f"tables/{path.name}: no record {table.record!r}")
        for column in (*(part.column for part in table.partitions), *table.sort_by):
            records[table.record].field(column)
        tables[table.name] = table
    return tables
