"""What a backfill would do: which days, in which requests, for about how long."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from string import Template
from typing import TYPE_CHECKING, Any

from cli.context import Context
from cli.rooms import ask_trino, sql_of

if TYPE_CHECKING:
    from schemas.site_definitions import SiteDefinitions
    from serving.control.restatements import Restatement
    from serving.control.sites import Site

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Day:
    """A local day with events, or with a run that counts for it."""

    local_date: date
    events: int
    has_run: bool
    definitions: str | None = None

    def is_outdated(self, newest: Mapping[str, str], own: "SiteDefinitions") -> bool:
        """Whether its run was made with other definitions than the newest and the site's own."""
        from pipelines.batch.definitions import of_day, outdated

        wanted = of_day(newest, own, self.local_date)
        return self.has_run and bool(outdated(json.loads(self.definitions or "{}"), wanted))


@dataclass(frozen=True)
class Request:
    """Days that are restated together."""

    days: Sequence[Day]

    @property
    def dates(self) -> list[date]:
        """Return the days' dates."""
        return [day.local_date for day in self.days]

    def row(self) -> dict[str, Any]:
        """Return what people read of it."""
        return {
            "from": self.dates[0],
            "to": self.dates[-1],
            "days": len(self.days),
            "restated_before": sum(day.has_run for day in self.days),
            "events": sum(day.events for day in self.days),
        }


def days_of(context: Context, site: "Site", first: date, last: date) -> list[Day]:
    """Return the site's days between two dates, both included, that there is something to do for.

    CliError if Trino does not answer.
    """
    begin, end = (datetime.combine(day, time(), UTC) for day in (first - _DAY, last + 2 * _DAY))
    parameters = [site.timezone, site.site_id, begin, end, site.site_id, first, last]
    found = ask_trino(context, sql_of("backfill_days"), parameters).as_dicts()
    return [Day(**row) for row in found]


def filled(
    context: Context, site: "Site", table: str, date_column: str, first: date, last: date
) -> set[date]:
    """Return the days for which a table has rows that count."""
    sql = Template(sql_of("days_in_table")).substitute(table=table, date_column=date_column)
    answer = ask_trino(context, sql, [site.site_id, first, last])
    return {row["local_date"] for row in answer.as_dicts()}


def requests_of(days: Sequence[Day], at_once: int) -> list[Request]:
    """Split days into requests of so many."""
    return [Request(days[start : start + at_once]) for start in range(0, len(days), at_once)]


def begun(earlier: Iterable["Restatement"]) -> set[date]:
    """Return the dates that an earlier backfill has done or will do; those that failed are due."""
    return {day for each in earlier if each.status != "failed" for day in each.dates}


def about(seconds: float) -> str:
    """Return a duration as people say it."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5_400 else f"{seconds / 3_600:.1f} h"
