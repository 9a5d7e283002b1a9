"""What is found in the events of a day, and what is not; all cases in one question."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest

from pipelines.batch.findings import findings_of
from pipelines.batch.restate import Lake
from pipelines.batch.run import Run
from schemas.load import RULES
from tests.sql.rows import RUN, day_of_events, day_of_property, day_run, insert

DAY: Final = date(2026, 3, 31)
PAST: Final = [DAY - timedelta(days=7 * weeks) for weeks in range(1, RULES.quality.weeks + 1)]
OTHERS: Final = [DAY - timedelta(days=n) for n in (1, 2, 3, 8, 7 * (RULES.quality.weeks + 1))]
Found = tuple[str | None, str, float, float]
Row = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A site of its own: page views a day, and what is found in those of DAY.

    `filled`: of how many of them property `plan` is filled. `columns`: those of DAY.
    """

    name: str
    counts: Mapping[date, int]
    wanted: Found | None
    filled: Mapping[date, int] = field(default_factory=dict)
    days: tuple[date, ...] = (DAY, *PAST)
    columns: Mapping[str, int] = field(default_factory=dict)
    is_open: bool = False

    @property
    def site_id(self) -> str:
        return f"{RUN}-quality-{self.name.replace(' ', '-')}"


def every(usual: int, on_the_day: int) -> dict[date, int]:
    return {day: n for day, n in {**dict.fromkeys(PAST, usual), DAY: on_the_day}.items() if n}


def volume(usual: int, count: int, finding: str | None) -> Case:
    wanted = (None, finding, float(count), float(usual)) if finding else None
    return Case(f"{count} where {usual} are usual", every(usual, count), wanted)


def plan(usual: int, filled: int, finding: str | None) -> Case:
    """Return a case of a property on so many of a thousand events."""
    wanted = ("plan", finding, filled / 1_000, usual / 1_000) if finding else None
    name = f"property on {filled} where {usual} are usual"
    return Case(name, every(1_000, 1_000), wanted, filled=every(usual, filled))


def share(finding: str, column: str, limit: float) -> Iterator[Case]:
    """Return a day at the limit, one above it, and one of too few events."""
    for name, count, of, is_found in (
        ("at the limit", round(1_000 * limit), 1_000, False),
        ("above the limit", round(1_000 * limit) + 1, 1_000, True),
        ("too few", 99, 99, False),
    ):
        wanted = (None, finding, count / of, float(limit)) if is_found else None
        yield Case(f"{finding} {name}", every(of, of), wanted, columns={column: count})


CASES: Final = [
    volume(200, 99, "volume_low"),
    volume(200, 100, None),
    volume(200, 400, None),
    volume(200, 401, "volume_high"),
    volume(99, 40, None),  # too few, both of them
    volume(40, 100, "volume_high"),
    volume(200, 0, "event_vanished"),
    volume(0, 100, "event_new"),
    volume(0, 99, None),
    plan(0, 50, "property_new"),
    plan(0, 49, None),  # on too few of its events
    plan(50, 0, "property_vanished"),
    plan(49, 0, None),
    plan(900, 700, "property_rarer"),
    plan(900, 701, None),
    plan(500, 700, "property_more_frequent"),
    plan(500, 699, None),
    *share("late", "late_event_count", float(RULES.quality.late_share)),
    *share("bots", "bot_event_count", float(RULES.quality.bot_share)),
    Case(
        "copies are a share of all that was kept",
        every(800, 800),
        (None, "surplus", 0.2, float(RULES.quality.surplus_share)),
        columns={"surplus_event_count": 200},
    ),
    Case(
        "the mean of days without rows too",
        {PAST[0]: 1_000, PAST[1]: 600, DAY: 150},
        (None, "volume_low", 150.0, 400.0),
    ),
    Case(
        "other weekdays and days long ago say nothing",
        {**dict.fromkeys(OTHERS, 10_000), **every(100, 100)},
        None,
        days=(DAY, *PAST, *OTHERS),
    ),
    Case(
        "of too few days nothing is usual",
        every(1_000, 100),
        None,
        days=(DAY, *PAST[: RULES.quality.min_weeks - 1]),
    ),
    Case(
        "an open day is not judged",
        every(1_000, 1_000),
        None,
        columns={"bot_event_count": 1_000},
        is_open=True,
    ),
]


@pytest.fixture(scope="module")
def findings(lake: Lake) -> list[Row]:
    """Return what is found on DAY at the sites of all cases."""
    insert(lake.trino, "day_runs", [row for case in CASES for row in _runs(case)])
    insert(lake.trino, "daily_event", [row for case in CASES for row in _events(case)])
    insert(lake.trino, "daily_property", [row for case in CASES for row in _properties(case)])
    return lake.trino.rows(
        "SELECT * FROM lake.analytics.quality_findings"
        f" WHERE site_id LIKE '{RUN}-quality-%' AND local_date = DATE '{DAY}'"
    )


def _runs(case: Case) -> Iterator[Row]:
    for day in case.days:
        yield day_run(case.site_id, day) | {"is_open": case.is_open and day == DAY}


def _events(case: Case) -> Iterator[Row]:
    for day, count in case.counts.items():
        row = day_of_events(site_id=case.site_id, local_date=day, event_count=count)
        yield {**row, **(case.columns if day == DAY else {})}


def _properties(case: Case) -> Iterator[Row]:
    for day, count in case.filled.items():
        on = {"site_id": case.site_id, "local_date": day, "event_count": count}
        yield day_of_property(**on, property_name="plan")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_found_in_a_day(findings: list[Row], case: Case) -> None:
    names = ("property_name", "finding", "found", "usual")
    told = [
        tuple(row[name] for name in names) for row in findings if row["site_id"] == case.site_id
    ]
    assert told == ([case.wanted] if case.wanted else [])


def test_what_dagster_tells_is_of_the_days_it_restated(lake: Lake, findings: list[Row]) -> None:
    case = next(case for case in CASES if case.wanted and case.wanted[0])
    run = Run("r", case.site_id, "UTC", (DAY,), "test", 1, None, datetime(2026, 4, 1, tzinfo=UTC))
    (told,) = findings_of(lake, [run])
    assert (told.property_name, told.finding, told.found, told.usual) == case.wanted
    assert findings_of(lake, [replace(run, dates=(PAST[0],))]) == []
    assert findings_of(lake, []) == []
