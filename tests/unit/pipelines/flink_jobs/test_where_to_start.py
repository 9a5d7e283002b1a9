"""Where a start without state begins to read, and what it refuses to lose."""

from dataclasses import dataclass

import pytest

from pipelines.flink_jobs.where_to_start import (
    Held,
    Progress,
    duplicate_window_start,
    losses,
    newest,
)

DAY = 86_400_000
NOW = 20_000 * DAY


def row(
    partition: int, offset: int, appended_ms: int, topic: str = "events", topic_id: str = ""
) -> Progress:
    return Progress(topic, topic_id or f"id-{topic}", partition, offset, appended_ms)


def held(first: int, end: int, topic: str = "events") -> Held:
    return Held(f"id-{topic}", first, end)


@dataclass(frozen=True)
class Situation:
    """What topics hold, what was taken in; then where to read from and what is lost."""

    held: dict[tuple[str, int], Held]
    progress: list[Progress]
    start_ms: int
    lost: str = ""


SITUATIONS = {
    "the first start": Situation({("events", 0): held(0, 0)}, [], 0),
    "records, but nothing was ever read": Situation({("events", 0): held(0, 9)}, [], 0),
    "one window before the newest": Situation(
        {("events", 0): held(0, 100)}, [row(0, 99, NOW)], NOW - DAY
    ),
    "the slowest unread partition counts": Situation(
        {("events", 0): held(0, 100), ("events", 1): held(0, 100)},
        [row(0, 99, NOW), row(1, 50, NOW - 1000)],
        NOW - 1000 - DAY,
    ),
    "a topic read to its end long ago does not hold back": Situation(
        {("events", 0): held(0, 100), ("imported-events", 0): held(0, 10, "imported-events")},
        [row(0, 99, NOW), row(0, 9, NOW - 5 * DAY, "imported-events")],
        NOW - DAY,
    ),
    "unread history does": Situation(
        {("events", 0): held(0, 100), ("imported-events", 0): held(0, 20, "imported-events")},
        [row(0, 99, NOW), row(0, 9, NOW - 5 * DAY, "imported-events")],
        NOW - 6 * DAY,
    ),
    "a partition that was never read": Situation(
        {("events", 0): held(0, 100), ("events", 1): held(0, 1)}, [row(0, 99, NOW)], 0
    ),
    "an empty partition that was never read": Situation(
        {("events", 0): held(0, 100), ("events", 1): held(0, 0)}, [row(0, 99, NOW)], NOW - DAY
    ),
    "the next record is still the oldest held": Situation(
        {("events", 0): held(51, 100)}, [row(0, 50, NOW)], NOW - DAY
    ),
    "the next record was removed": Situation(
        {("events", 0): held(52, 100)},
        [row(0, 50, NOW)],
        NOW - DAY,
        lost="topic events, partition 0: offsets 51 to 51 were removed",
    ),
    "a topic was made anew": Situation(
        {("events", 0): held(0, 5)},
        [row(0, 50, NOW, topic_id="id-before")],
        0,
        lost="topic events was made anew: what followed offset 50",
    ),
    "a topic was made anew long ago and read since": Situation(
        {("events", 0): held(0, 5)},
        [row(0, 50, NOW - 5 * DAY, topic_id="id-before"), row(0, 4, NOW)],
        NOW - DAY,
    ),
    "a clock that began at zero": Situation({("events", 0): held(0, 5)}, [row(0, 4, 1000)], 0),
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_start(name: str) -> None:
    case = SITUATIONS[name]
    assert duplicate_window_start(case.held, case.progress, DAY) == case.start_ms


@pytest.mark.parametrize("name", SITUATIONS)
def test_losses(name: str) -> None:
    case = SITUATIONS[name]
    told = "; ".join(losses(case.held, case.progress))
    assert case.lost in told
    assert bool(told) == bool(case.lost)


def test_the_highest_offset_counts_whatever_the_order_of_rows() -> None:
    rows = [row(0, 5, 50), row(0, 9, 90), row(0, 7, 70), row(1, 1, 10)]
    assert sorted((each.partition, each.offset) for each in newest(rows)) == [(0, 9), (1, 1)]
