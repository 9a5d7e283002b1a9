"""friction_restated says of a day what detect_friction said, and counts what came late, too."""

import itertools
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest

from pipelines.batch.restate import Lake, newest_snapshot
from pipelines.batch.run import Run, new_run_id
from pipelines.batch.tables import BATCH_TABLES
from tests.agreement.expected import differences, typed
from tests.agreement.expected_friction import friction_rows
from tests.agreement.streams import ZONES
from tests.sql import made_days
from tests.sql.rows import LATER, RUN
from tests.sql.streams import SEPARATOR, Case, Row, cases, named_columns, topic_records
from tests.sql.test_detect_friction import of_clicks

# What a start of the stream without state leaves out, a restatement tells.
CASES: Final = [c for c in cases("detect_friction", "rows") if c.name != "start_without_state"]
# The stream takes the edge's word for the day; a run has names and times of its own.
OWN: Final = {"started_date", "run_id"}
WAY: Final = "doubled"
_OFFSETS: Final = itertools.count()


def insert(lake: Lake, records: Iterable[Row]) -> None:
    """Append wire records to web.events, each after those before it."""
    lake.append("events", [_event_row(record) for record in records])


def _event_row(record: Row) -> Row:
    place = {"topic_id": f"friction-{RUN}", "topic_partition": 0, "topic_offset": next(_OFFSETS)}
    return typed("event_row", {"is_late": False, **record}) | place


def restated(lake: Lake, site_id: str, zone: str, dates: tuple[date, ...]) -> list[Row]:
    """Have the days of a site written by one run; return its rows."""
    snapshot, now = newest_snapshot(lake), datetime.now(UTC)
    assert snapshot is not None
    run = Run(new_run_id(now), site_id, zone, dates, "test", snapshot, LATER, now)
    for name in ("surplus_events", "friction_restated"):
        query = BATCH_TABLES[name].query
        assert query is not None
        lake.ask(query, run.values(), run)
    return lake.trino.rows(
        f"SELECT * FROM lake.web.friction_restated WHERE run_id = '{run.run_id}'"
    )


def as_one_site(case: Case, site_id: str) -> list[Row]:
    """Return a case's records with its name and its sites in the ids of its visitors."""
    records = [r for r in topic_records(of_clicks(case)) if r["record_kind"] == "event"]
    for record in records:
        if record["visitor_id"] is not None:
            record["visitor_id"] = f"{record['site_id']}{SEPARATOR}{record['visitor_id']}"
    return [record | {"site_id": site_id} for record in records]


@pytest.fixture(scope="module")
def of_cases(lake: Lake) -> dict[str, list[Row]]:
    """Return the rows of all cases of the job, by case."""
    site_id = f"{RUN}-friction-cases"
    records = [record for case in CASES for record in as_one_site(case, site_id)]
    insert(lake, records)
    days = sorted({datetime.fromtimestamp(r["event_at"] / 1000, UTC).date() for r in records})
    found: dict[str, list[Row]] = {case.name: [] for case in CASES}
    for row in restated(lake, site_id, "UTC", tuple(days)):
        case, site, visitor = str(row["visitor_id"]).split(SEPARATOR, 2)
        found[case].append(row | {"site_id": site, "visitor_id": visitor})
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case_of_the_job(case: Case, of_cases: dict[str, list[Row]]) -> None:
    expected = [
        {name: value for name, value in row.items() if name not in OWN}
        for row in case.expected["rows"]
    ]
    found = [{name: _written(value) for name, value in row.items()} for row in of_cases[case.name]]
    left, right = named_columns(found, expected)
    assert left == right


def _written(value: Any) -> Any:
    """Return times as the sinks of the job write them."""
    if isinstance(value, datetime):
        text = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
        return text.rstrip("0").rstrip(".") + "Z"
    return value


@pytest.fixture(scope="module")
def made(lake: Lake) -> list[Row]:
    """Return the rows of the made-up days, every event of which came twice."""
    arrivals = made_days.arrivals(WAY)
    insert(lake, ({**a.record, "appended_at": a.appended_at} | _mine(a.record) for a in arrivals))
    days = {date.fromisoformat(a.record["event_date"]) for a in arrivals}
    first, last = min(days), max(days)
    dates = tuple(first + timedelta(days=n) for n in range((last - first).days + 1))
    return [
        row
        for name, zone in ZONES.items()
        for row in restated(lake, f"{RUN}-{WAY}/{name}", zone, dates)
    ]


def _mine(record: Row) -> Row:
    """Return the site as this run of the tests has it."""
    return {"site_id": f"{RUN}-{record['site_id']}"}


def test_it_agrees_with_a_plain_computation_late_events_included(made: list[Row]) -> None:
    copies = [copy | {"is_late": False} | _mine(copy) for copy in made_days.copies(WAY)]
    assert any(copy["is_late"] for copy in made_days.copies(WAY))
    wanted = friction_rows(copies)
    assert len(wanted) > 100
    assert differences([typed("friction", row) for row in made], wanted) == []
