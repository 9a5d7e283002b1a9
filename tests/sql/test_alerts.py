"""What `headwater status` reads of the tables: letters by their numbers, late events, their age."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from cli.alerts import of_tables
from cli.context import Context
from cli.rooms import ask_trino, sql_of
from pipelines.batch.restate import Lake
from schemas.load import RULES
from tests.integration.stack import Stack
from tests.sql.rows import RUN, TOPIC_ID, day_of_events, day_run, event, insert

LIMITS: Final = (60, 60, 72)  # minutes, minutes, hours
Row = dict[str, Any]


@pytest.fixture
def context(lake_home: Stack) -> Context:
    return Context(lake_home.home)


def read(context: Context) -> Row:
    (row,) = ask_trino(context, sql_of("alerts"), LIMITS).as_dicts()
    return row


def letter(number: int | None, appended_at: datetime) -> Row:
    place = {"topic_name": "events", "topic_id": TOPIC_ID, "topic_partition": 0}
    said = {"reason": "not_json", "payload": "", "letter_number": number}
    return {**place, "topic_offset": number or 0, "appended_at": appended_at, **said}


def test_letters_count_by_their_numbers(context: Context, lake: Lake) -> None:
    minute = datetime.now(UTC).replace(second=0, microsecond=0)
    before = read(context)["dead_letters"]
    letters = [letter(number, minute) for number in (1, 2, 5_000)]
    older = [letter(None, minute - timedelta(minutes=1)), letter(7_000, minute - timedelta(days=1))]
    insert(lake.trino, "dead_letters", [*letters, *older])
    assert read(context)["dead_letters"] - before == 5_001
    assert [one.of for one in of_tables(context) if one.alert == "dead-letters"] == ["dead_letters"]


def test_late_events_are_those_that_came_now_and_from_no_file(context: Context, lake: Lake) -> None:
    now = datetime.now(UTC)
    before = read(context)
    common = {"site_id": f"{RUN}-alerts", "visitor_id": "v", "appended_at": now}
    rows = [
        event(**common, event_at=now),
        event(**common, event_at=now - timedelta(hours=2), is_late=True),
        event(**common, event_at=now - timedelta(hours=2), is_late=True, sender="import"),
        event(**{**common, "appended_at": now - timedelta(hours=2)}, event_at=now, is_late=True),
    ]
    insert(lake.trino, "events", rows)
    after = read(context)
    counts = [after[name] - before[name] for name in ("events", "late_events")]
    assert counts == [2, 1]


def test_findings_of_the_last_days_are_told_by_site(context: Context, lake: Lake) -> None:
    site_id, today = f"{RUN}-alerts", datetime.now(UTC).date()
    long_ago = today - timedelta(days=RULES.alerts.quality_days + 1)
    for day in (today, long_ago):
        row = day_of_events(site_id=site_id, local_date=day, bot_event_count=100)
        insert(lake.trino, "daily_event", [row])
        insert(lake.trino, "day_runs", [day_run(site_id, day)])
    (told,) = [one for one in of_tables(context) if one.of == site_id]
    assert (told.alert, told.reason) == ("data-quality", "1 findings, more than 0")
