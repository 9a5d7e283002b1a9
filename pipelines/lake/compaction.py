"""Rewrites small files, removes old rows and those of superseded restatements: through Trino.

All are idempotent and safe while Flink appends: Trino retries its commit on the newer snapshot.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from pyiceberg.table import Table

from pipelines.lake.sql import bind, read_sql
from pipelines.lake.trino import Trino
from schemas.load import RECORDS, RULES, TABLES

_SQL: Final = Path(__file__).parent / "care"
# Files grow in two steps, so that a day's newest rows are not written again and again with all
# the rows before them.
_STEPS_MB: Final = (8, 64)
_ENOUGH_FILES: Final = 10  # fewer in a partition cost less to read than to rewrite
LONGEST_RUN: Final = timedelta(days=1)


def may_have_many(table: Table) -> bool:
    """Whether a partition may have many files, as far as the table as a whole tells.

    Asks Iceberg's metadata alone, so that tables of few files cost no query.
    """
    snapshot = table.current_snapshot()
    summary = snapshot.summary if snapshot else None
    return summary is not None and int(summary["total-data-files"] or 0) >= _ENOUGH_FILES


def compact(trino: Trino, table: str) -> bool:
    """Rewrite the small files of a table if a partition has many; True if it was done.

    Trino leaves alone what is the only file of its partition.
    """
    return any([_compact_to(trino, table, size_mb) for size_mb in _STEPS_MB])


def _compact_to(trino: Trino, table: str, size_mb: int) -> bool:
    target = {"target_bytes": size_mb * 1_000_000}
    (row,) = trino.rows(*bind(read_sql(_SQL / "files.sql", {"table": table}).text, target))
    if row["small_files"] < _ENOUGH_FILES:
        return False
    names = {"table": table, "target": f"{size_mb}MB"}
    trino.rows(*bind(read_sql(_SQL / "optimize.sql", names).text, {}))
    return True


def restated_tables() -> dict[str, str]:
    """Return the tables that hold days of runs, with the column of the day."""
    found: dict[str, str] = {}
    for table in TABLES.values():
        columns = {field.name for field in RECORDS[table.record].fields}
        day = next((name for name in ("local_date", "started_date") if name in columns), None)
        if table.writer == "batch" and table.record != "day_run" and day and "run_id" in columns:
            found[table.name] = day
    return found


def kept_for_days() -> dict[str, str]:
    """Return the tables whose rows have an end, with the time that decides."""
    return {
        table.name: table.partitions[0].column
        for table in TABLES.values()
        if table.keep_days is not None
    }


def forget(trino: Trino, table: str, time_column: str, now: datetime) -> int:
    """Remove the days of a table that are older than it keeps; return how many rows.

    Whole days, so that it is a change of metadata and touches no partition Flink writes to.
    """
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    names = {"table": table, "time_column": time_column}
    keep_from = midnight - timedelta(days=TABLES[table].keep_days or 0)
    return trino.write(*bind(read_sql(_SQL / "forget.sql", names).text, {"keep_from": keep_from}))


def purge(trino: Trino, table: str, date_column: str, now: datetime) -> int:
    """Remove rows of runs superseded for the time of the rule; return how many."""
    names = {"table": table, "date_column": date_column}
    kept = timedelta(minutes=RULES.delivery.superseded_run_minutes)
    return trino.write(
        *bind(
            read_sql(_SQL / "purge.sql", names).text,
            {"keep_from": now - kept, "oldest_at_work": f"{now - LONGEST_RUN:%Y%m%dT%H%M%S}"},
        )
    )
