"""What a backfill takes: in requests of some days, what an earlier one did not do."""

from datetime import UTC, date, datetime, timedelta

import pytest

from cli.backfill_plan import Day, about, begun, requests_of
from serving.control.restatements import Restatement

FIRST = date(2026, 3, 1)
DAYS = [Day(FIRST + timedelta(days=number), 10, number < 2) for number in range(5)]


def earlier(status: str, *dates: date) -> Restatement:
    asked = datetime(2026, 3, 9, tzinfo=UTC)
    return Restatement(1, "shop", list(dates), "backfill", status, asked, None, None, None, None)


def test_days_are_asked_for_some_at_a_time() -> None:
    rows = [request.row() for request in requests_of(DAYS, 3)]
    assert [(row["from"].day, row["to"].day) for row in rows] == [(1, 3), (4, 5)]
    assert [row["days"] for row in rows] == [3, 2]
    assert [row["restated_before"] for row in rows] == [2, 0]
    assert [row["events"] for row in rows] == [30, 20]


def test_nothing_due_is_no_request() -> None:
    assert requests_of([], 7) == []


def test_what_failed_is_due_again_and_what_waits_is_not_asked_for_twice() -> None:
    taken = [
        earlier("done", date(2026, 3, 1)),
        earlier("queued", date(2026, 3, 2)),
        earlier("running", date(2026, 3, 3)),
        earlier("failed", date(2026, 3, 4)),
    ]
    assert begun(taken) == {date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)}


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.2, "1 s"), (89, "89 s"), (100, "2 min"), (7_200, "2.0 h")]
)
def test_durations_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert about(seconds) == said
