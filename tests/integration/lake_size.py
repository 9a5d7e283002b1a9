"""How many files, snapshots and bytes of metadata the tables of a home have."""

import urllib.parse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pyiceberg.table import Table

from infra.local.environment import environment
from pipelines.catalog import SCHEMA_NAME, Catalog
from pipelines.lake.tables import open_catalog


@dataclass(frozen=True)
class TableSize:
    """A table as it stands: data files by partition, snapshots, bytes of its metadata file."""

    name: str
    files: Counter[str]
    snapshots: int
    metadata_bytes: int


def table_sizes(home: Path) -> Iterator[TableSize]:
    """Yield every table of the home by name; its warehouse must be a folder."""
    with open_catalog(Catalog.from_env(environment(home))) as lake:
        for identifier in sorted(lake.list_tables(SCHEMA_NAME)):
            table = lake.load_table(identifier)
            snapshots = len(table.metadata.snapshots)
            yield TableSize(identifier[-1], _files(table), snapshots, _metadata_bytes(table))


def _files(table: Table) -> Counter[str]:
    return Counter(str(task.file.partition) for task in table.scan().plan_files())


def _metadata_bytes(table: Table) -> int:
    return Path(urllib.parse.urlsplit(table.metadata_location).path).stat().st_size
