"""What is exported: the rows of a view that are of one site, over its local days."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from pipelines.lake.export.errors import ExportRefused
from pipelines.lake.sql import bind, read_sql
from pipelines.lake.trino import Parameter, Trino
from pipelines.lake.views import load_views

_FOLDER: Final = Path(__file__).parent
_NO_DAY: Final = "none"


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


@cache
def day_columns() -> Mapping[str, str | None]:
    """Return the views that can be exported, with the column of the day; None if rows have none.

    The headers of schemas/views say it: `Day: event_date`, `Day: none`. A view that says nothing
    is not for taking away.
    """
    said = {view.name: view.said("Day") for view in load_views()}
    return {
        name: None if words[0] == _NO_DAY else words[0]
        for name, words in sorted(said.items())
        if words
    }


def check(export: Export) -> None:
    """Raise ExportRefused for what is no export."""
    columns = day_columns()
    if export.table not in columns:
        raise ExportRefused(
            f"No table {export.table!r} to export.", f"Tables: {', '.join(columns)}."
        )
    if columns[export.table] is None:
        if export.first or export.last:
            raise ExportRefused(
                f"Rows of {export.table} are of no day.", "Leave the days out to get all of them."
            )
        return
    if export.first is None or export.last is None:
        raise ExportRefused(
            f"{export.table} is exported by days.", "Give the first and the last day."
        )
    if export.last < export.first:
        raise ExportRefused("The last day lies before the first.", "Exchange the two.")


def statement(export: Export) -> tuple[str, list[Parameter]]:
    """Return the SELECT with its values; raises ExportRefused."""
    check(export)
    column = day_columns()[export.table]
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
