"""Where a job without state starts: pure decisions on what topics hold and tables say."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Place = tuple[str, int]  # topic name, partition


@dataclass(frozen=True)
class Held:
    """What a partition holds: offsets from `first` up to but not including `end`."""

    topic_id: str
    first: int
    end: int


@dataclass(frozen=True)
class Progress:
    """The newest record of a partition that collect_events had taken in (stream_progress)."""

    topic: str
    topic_id: str
    partition: int
    offset: int
    appended_ms: int


def newest(rows: Iterable[Progress]) -> list[Progress]:
    """Return the row of the highest offset for each topic id and partition."""
    best: dict[tuple[str, int], Progress] = {}
    for row in rows:
        known = best.get((row.topic_id, row.partition))
        if known is None or row.offset > known.offset:
            best[row.topic_id, row.partition] = row
    return list(best.values())


def losses(held: Mapping[Place, Held], progress: Iterable[Progress]) -> tuple[str, ...]:
    """Return a line for each partition that lost the record after the newest one taken in."""
    current = {part.topic_id for part in held.values()}
    rows = newest(progress)
    known = {row.topic for row in rows if row.topic_id in current}
    lines = [_loss(row, held) for row in rows if row.topic_id in current or row.topic not in known]
    return tuple(sorted(line for line in lines if line))


def _loss(row: Progress, held: Mapping[Place, Held]) -> str | None:
    part = held.get((row.topic, row.partition))
    if part is None or part.topic_id != row.topic_id:
        return (
            f"topic {row.topic} was made anew: what followed offset {row.offset} "
            f"of partition {row.partition} in its predecessor {row.topic_id} is gone"
        )
    if part.first > row.offset + 1:
        return (
            f"topic {row.topic}, partition {row.partition}: offsets {row.offset + 1} to "
            f"{part.first - 1} were removed before they were read"
        )
    return None


def duplicate_window_start(
    held: Mapping[Place, Held], progress: Iterable[Progress], window_ms: int
) -> int:
    """Return the broker time (epoch ms) to read from: one duplicate window before the first unread.

    A partition with unread records counts from its newest record taken in; one that was read to
    its end does not hold the start back. 0 if a partition with records was never read.
    """
    rows = {(row.topic, row.partition): row for row in newest(progress) if _is_current(row, held)}
    if any(part.end > part.first and place not in rows for place, part in held.items()):
        return 0
    if not rows:
        return 0
    unread = [row.appended_ms for place, row in rows.items() if held[place].end > row.offset + 1]
    latest = max(row.appended_ms for row in rows.values())
    return max(0, min([latest, *unread]) - window_ms)


def _is_current(row: Progress, held: Mapping[Place, Held]) -> bool:
    part = held.get((row.topic, row.partition))
    return part is not None and part.topic_id == row.topic_id
