"""analytics.minutes shows one version of each minute, the one that counts."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from pipelines.batch.restate import Lake
from tests.sql.rows import RUN, insert, minute

SITE: Final = f"{RUN}-minutes"
AT: Final = datetime(2026, 3, 1, 10, tzinfo=UTC)
OLDER, NEWER = "live-20260301T000000", "live-20260302T000000"
# Case -> its versions, and the event count of the one that counts.
CASES: Final[dict[str, tuple[list[dict[str, Any]], int]]] = {
    "only_an_early_one": ([{"second": 10, "count": 1}], 1),
    "the_one_that_counts_furthest": (
        [{"second": s, "count": s} for s in (30, 10, 50, 20)],
        50,
    ),
    "final_before_early": (
        [{"second": 50, "count": 5}, {"second": 60, "count": 4}, {"second": 40, "count": 3}],
        4,
    ),
    "final_of_an_older_run_before_early_of_a_newer": (
        [{"second": 60, "count": 7}, {"second": 30, "count": 2, "run_id": NEWER}],
        7,
    ),
    "final_of_the_newer_run": (
        [{"second": 60, "count": 7}, {"second": 60, "count": 8, "run_id": NEWER}],
        8,
    ),
    "early_of_the_newer_run": (
        [{"second": 50, "count": 7}, {"second": 20, "count": 2, "run_id": NEWER}],
        2,
    ),
}


def version(at: datetime, second: int, count: int, run_id: str = OLDER) -> dict[str, Any]:
    until = {"counted_until_at": at + timedelta(seconds=second), "is_final": second == 60}
    return minute(site_id=SITE, minute_at=at, event_count=count, run_id=run_id, **until)


@pytest.fixture(scope="module")
def shown(lake: Lake) -> dict[datetime, list[int]]:
    """Return the event counts of each minute in the view; a case is a minute."""
    rows = [
        version(AT + timedelta(minutes=number), **one)
        for number, (versions, _) in enumerate(CASES.values())
        for one in versions
    ]
    insert(lake.trino, "minute_stats", rows)
    found: dict[datetime, list[int]] = {}
    for row in lake.trino.rows(
        f"SELECT minute_at, event_count FROM lake.analytics.minutes WHERE site_id = '{SITE}'"
    ):
        found.setdefault(row["minute_at"], []).append(row["event_count"])
    return found


@pytest.mark.parametrize("case", CASES)
def test_case(case: str, shown: dict[datetime, list[int]]) -> None:
    at = AT + timedelta(minutes=list(CASES).index(case))
    assert shown[at] == [CASES[case][1]]
