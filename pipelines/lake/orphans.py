"""Removes files that no snapshot names: their writer died before its commit, or their deleter.

Nobody finds them by asking the table, so an erasure does not, either: they end by their age.
"""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Final

from pipelines.lake.sql import bind, read_sql
from pipelines.lake.trino import Trino

# Trino refuses less. What a job that is restored may still commit is a day old at most.
KEEP_FOR: Final = timedelta(days=7)
_SQL: Final = Path(__file__).parent / "care" / "remove_orphans.sql"


def remove_orphans(trino: Trino, tables: Iterable[str]) -> None:
    """Remove such files of these tables once they are older than `KEEP_FOR`."""
    for table in tables:
        names = {"table": table, "kept": f"{KEEP_FOR.days}d"}
        trino.rows(*bind(read_sql(_SQL, names).text, {}))
