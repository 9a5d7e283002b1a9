"""Removes session recordings that are older than their site keeps them: rows, then objects.

Objects are found by the dates in their keys, not by rows: one whose row was never written goes
as well, and so does what an interrupted run left. A second run finds nothing to do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from pipelines.blobs import Blobs
from pipelines.lake.compaction import forget
from pipelines.lake.sql import bind, read_sql
from pipelines.lake.trino import Trino
from schemas.recording import KEEP_DAYS, date_of_folder

TABLE: Final = "recording_chunks"
_TIME_COLUMN: Final = "recording_started_at"
_SQL: Final = Path(__file__).parent / "care" / "forget_site.sql"


@dataclass(frozen=True)
class Forgotten:
    """How much was removed."""

    rows: int
    objects: int


def forget_recordings(
    trino: Trino, blobs: Blobs, keep_days: Mapping[str, int], now: datetime
) -> Forgotten:
    """Remove what is older than `keep_days` of its site; a site not named keeps the usual time.

    Days are those of UTC, whole ones, by when a recording began.
    """
    rows = forget(trino, TABLE, _TIME_COLUMN, now)
    for site_id, days in keep_days.items():
        if days < KEEP_DAYS:
            rows += _forget_site(trino, site_id, now, days)
    objects = sum(_remove(blobs, site_id, keep_days, now) for site_id in blobs.folders())
    return Forgotten(rows, objects)


def _forget_site(trino: Trino, site_id: str, now: datetime, days: int) -> int:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    sql = read_sql(_SQL, {"table": TABLE, "time_column": _TIME_COLUMN}).text
    keep_from = midnight - timedelta(days=days)
    return trino.write(*bind(sql, {"site_id": site_id, "keep_from": keep_from}))


def _remove(blobs: Blobs, site_id: str, keep_days: Mapping[str, int], now: datetime) -> int:
    keep_from = now.date() - timedelta(days=keep_days.get(site_id, KEEP_DAYS))
    dates = {name: date_of_folder(name) for name in blobs.folders(site_id)}
    old = [name for name, date in dates.items() if date is not None and date < keep_from]
    return sum(blobs.remove(f"{site_id}/{name}") for name in old)
