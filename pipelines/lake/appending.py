"""Append rows that Python made to tables of schema `web`, as Arrow through pyiceberg."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
from pyiceberg.catalog import Catalog as Iceberg
from pyiceberg.exceptions import CommitFailedException
from sqlalchemy.exc import OperationalError

from pipelines.catalog import SCHEMA_NAME, Catalog
from pipelines.lake.errors import LakeError, LakeUnavailable
from pipelines.lake.tables import open_catalog

Append = Callable[[str, Sequence[Mapping[str, Any]]], None]


def appender(catalog: Catalog) -> Append:
    """Return what appends rows, by column name, to a table; each call is one commit.

    pyiceberg tries again when somebody else committed meanwhile. Raises LakeUnavailable when
    the catalog does not answer or others commit without end.
    """

    def append(table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        try:
            with open_catalog(catalog) as iceberg:
                append_rows(iceberg, table, rows)
        except (OperationalError, CommitFailedException) as error:
            raise LakeUnavailable(
                f"web.{table} took no rows: the catalog does not answer, or others commit to the "
                "table without end. See `headwater status`; running it again is safe."
            ) from error

    return append


def append_rows(iceberg: Iceberg, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append rows as one commit, none without rows. A column left out is null."""
    if rows:
        target = iceberg.load_table((SCHEMA_NAME, table))
        target.append(pa.Table.from_pylist(list(rows), schema=target.schema().as_arrow()))


def refuse_to_append(table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Stand in where no catalog was given: rows must not be lost in silence."""
    if rows:
        raise LakeError(f"web.{table}: no catalog was given to append to")
