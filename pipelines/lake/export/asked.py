"""What is exported: the rows of a view that are of one site, over its local days."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from pipelines.lake.sql import bind, read_sql
from pipelines.lake.trino import Parameter, Trino
from schemas.exports import check_export
from schemas.load import DAY_COLUMNS

_FOLDER: Final = Path(__file__).parent


@dataclass(frozen=True)
class Export:
    """Rows of `table` of the days from `first` to `last`, both included, in the site's zone.

    None for both where the rows of the table are of no day.
    """

    site_id: str
    timezone: str
    table: str
    first: date | None = None
    last: date | None = None


def statement(export: Export) -> tuple[str, list[Parameter]]:
    """Return the SELECT with its values; raises NoExport."""
    check_export(export.table, export.first, export.last)
    column = DAY_COLUMNS[export.table]
    names, values = {"view": export.table}, {"site_id": export.site_id}
    if column is None or export.first is None or export.last is None:
        return bind(read_sql(_FOLDER / "site_rows.sql", names).text, values)
    sql = read_sql(_FOLDER / "site_days.sql", {**names, "day": column}).text
    after = export.last + timedelta(days=1)
    if not column.endswith("_at"):
        return bind(sql, {**values, "first": export.first, "after_last": after})
    first, after_last = (_begin(day, export.timezone) for day in (export.first, after))
    return bind(sql, {**values, "first": first, "after_last": after_last})


def _begin(day: date, timezone: str) -> datetime:
    """Return when a local day begins; where clocks skip midnight, that is after the gap."""
    return datetime.combine(day, time(), ZoneInfo(timezone)).astimezone(UTC)


def tenant(url: str, site_id: str) -> Trino:
    """Return Trino as the site's own user: its row filters let no other site's row pass."""
    return Trino(url, f"tenant_{site_id}")
