"""When the rows of an erased person may go."""

from datetime import UTC, datetime, timedelta
from typing import Final

from orchestration.forgetting import is_ready

ASKED: Final = datetime(2026, 3, 1, 22, 30, tzinfo=UTC)
CLOSED: Final = datetime(2026, 3, 2, 1, tzinfo=UTC)  # the end of the day and the closing delay
MOMENT: Final = timedelta(seconds=1)


def test_rows_stay_until_the_day_of_the_request_has_closed() -> None:
    assert not is_ready(ASKED, "UTC", None, set())
    assert not is_ready(ASKED, "UTC", CLOSED, set())
    assert is_ready(ASKED, "UTC", CLOSED + MOMENT, set())


def test_the_day_is_that_of_the_site() -> None:
    over_there = datetime(2026, 3, 2, 16, tzinfo=UTC)  # it was the second already
    assert not is_ready(ASKED, "Asia/Tokyo", over_there, set())
    assert is_ready(ASKED, "Asia/Tokyo", over_there + MOMENT, set())


def test_rows_stay_while_a_day_counts_somebody_who_was_erased() -> None:
    """Their events are what tells that it does."""
    assert not is_ready(ASKED, "UTC", CLOSED + MOMENT, {"erased"})
    assert is_ready(ASKED, "UTC", CLOSED + MOMENT, {"unseen rows", "open"})
