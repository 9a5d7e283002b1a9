"""Looks for names in every byte of a home: as it lies on disk, unpacked, and in Postgres' rows."""

import gzip
import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import psycopg
from kafka.record import MemoryRecords
from psycopg.sql import SQL, Identifier

from infra.local.engines.postgres import DATABASES
from tests.integration.stack import Stack
from tests.sql.traces import beginning, unpacked

Found = dict[str, list[str]]
_BLOCK_BYTES: Final = 4_000_000
_OVERLAP_BYTES: Final = 100
_TABLES: Final = """SELECT table_schema, table_name FROM information_schema.tables
    WHERE table_type = 'BASE TABLE' AND table_schema <> 'information_schema'"""


def places(stack: Stack, names: Iterable[str]) -> Found:
    """Return what holds one of the names: files by the home's folder, and rows by database."""
    sought = [beginning(name) for name in names]
    found: Found = {}
    for path in _files(stack):
        if _holds(path, sought):
            found.setdefault(_place(stack, path), []).append(str(path))
    for database in DATABASES:
        if tables := list(_tables_with(stack, database, sought)):
            found[f"rows of {database}"] = tables
    return found


def files_below(folder: Path, names: Iterable[str]) -> list[Path]:
    """Return the files below a folder that hold one of the names."""
    sought = [beginning(name) for name in names]
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and _holds(path, sought)]


def _files(stack: Stack) -> list[Path]:
    with stack.postgres() as connection:
        row = connection.execute("SHOW data_directory").fetchone()
    assert row is not None
    folders = {stack.home, Path(row[0])}
    found = {path for folder in folders for path in folder.rglob("*")}
    return sorted(path for path in found if path.is_file() and not path.is_symlink())


def _place(stack: Stack, path: Path) -> str:
    if not path.is_relative_to(stack.home):
        return "postgres"
    return path.relative_to(stack.home).parts[0]


def _holds(path: Path, sought: Sequence[bytes]) -> bool:
    # A file may go, or be half written, while it is looked at.
    with suppress(FileNotFoundError, ValueError, EOFError):
        return _tells_of(path, sought)
    return False


def _tells_of(path: Path, sought: Sequence[bytes]) -> bool:
    if any(name in str(path).encode() for name in sought):
        return True
    parts = itertools.chain(_blocks(path), _unpacked(path))
    return any(name in part for part in parts for name in sought)


def _blocks(path: Path) -> Iterator[bytes]:
    """Return a file in pieces that overlap; a map of one that is cut meanwhile would end us."""
    before = b""
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            yield before + block
            before = block[-_OVERLAP_BYTES:]


def _unpacked(path: Path) -> Iterator[bytes]:
    if path.name.endswith(".json.gz"):
        yield gzip.decompress(path.read_bytes())
    elif path.suffix == ".log" and len(path.stem) == 20:  # a segment of Kafka's
        yield from _records(path.read_bytes())
    else:
        yield from unpacked(path)


def _records(segment: bytes) -> Iterator[bytes]:
    """Return keys and values of all records that stand in the file, committed or not."""
    for batch in MemoryRecords(segment):
        for record in batch:
            yield from (part for part in (record.key, record.value) if part)


def _tables_with(stack: Stack, database: str, sought: Sequence[bytes]) -> Iterator[str]:
    """Return the tables with such rows: what is large lies packed in the files."""
    named = [f"%{name.decode()}%" for name in sought]
    with stack.postgres(database) as connection:
        for schema, table in connection.execute(_TABLES).fetchall():
            with suppress(psycopg.errors.UndefinedTable, psycopg.errors.InsufficientPrivilege):
                if _has_row(connection, Identifier(schema, table), named):
                    yield f"{schema}.{table}"


def _has_row(connection: psycopg.Connection[Any], table: Identifier, named: list[str]) -> bool:
    asked = SQL("SELECT 1 FROM {} AS one WHERE one::text LIKE ANY(%s) LIMIT 1").format(table)
    return connection.execute(asked, [named]).fetchone() is not None
