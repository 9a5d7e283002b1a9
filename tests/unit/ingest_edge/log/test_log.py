"""The log's files: what is on disk is found again, what is old enough is removed."""

import asyncio
from errno import EINVAL
from pathlib import Path

import pytest

from ingest_edge.log import segments
from ingest_edge.log.event_log import EventLog
from ingest_edge.log.marker import Marker
from ingest_edge.log.reader import LogReader, records_from
from ingest_edge.log.segments import Position, numbers, path_of
from ingest_edge.log.writer import Limits
from ingest_edge.record import Record

LIMITS = Limits(segment_bytes=4_096, floor_bytes=0, group_seconds=0.001, keep_seconds=60)
FIRST = Position(0, 0)
FAR = Position(10**9, 0)


def record(number: int, size: int = 10) -> Record:
    return Record("events", b"shop:v", b"%d " % number + b"x" * size, "event.1", number)


class Waiter:
    """Remembers how its append went."""

    def __init__(self) -> None:
        self.outcome: Position | OSError | None = None

    def logged(self, at: Position) -> None:
        self.outcome = at

    def not_logged(self, error: OSError) -> None:
        self.outcome = error


def write(folder: Path, *batches: list[Record], limits: Limits = LIMITS) -> list[Waiter]:
    """Append each batch as an entry and close the log."""
    waiters = [Waiter() for _ in batches]

    async def scene() -> None:
        log = EventLog(folder, limits)
        for batch, waiter in zip(batches, waiters, strict=True):
            log.append(batch, 7, waiter)
            await asyncio.sleep(0.004)
        async with asyncio.timeout(5):
            while log.unsynced:
                await asyncio.sleep(0.001)
        await asyncio.to_thread(log.close)

    asyncio.run(scene())
    return waiters


def read(folder: Path, at: Position = FIRST) -> list[Record]:
    """Return all records from a place on."""
    reader, found = LogReader(folder, at), list[Record]()
    while entries := reader.read(FAR, 1_000):
        found += [record for _, entry in entries for record in entry.records]
    return found


def test_what_was_appended_is_read_in_order_over_segments(tmp_path: Path) -> None:
    batches = [[record(n, 900), record(n + 100, 900)] for n in range(9)]
    waiters = write(tmp_path, *batches)
    assert len(numbers(tmp_path)) > 3
    assert read(tmp_path) == [one for batch in batches for one in batch]
    fourth = waiters[4].outcome
    assert isinstance(fourth, Position)
    assert read(tmp_path, fourth) == [one for batch in batches[4:] for one in batch]
    assert records_from(tmp_path, fourth) == 10


def test_an_entry_larger_than_a_segment_has_one_of_its_own(tmp_path: Path) -> None:
    batches = [[record(1)], [record(2, 20_000)], [record(3)]]
    write(tmp_path, *batches)
    assert read(tmp_path) == [one for batch in batches for one in batch]


def test_every_process_begins_a_segment_and_reads_the_older_ones(tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path, [record(number)])
    assert len(numbers(tmp_path)) == 3
    assert read(tmp_path) == [record(0), record(1), record(2)]


def test_no_room_is_told_and_room_is_used_again(tmp_path: Path) -> None:
    full = LIMITS._replace(floor_bytes=1 << 62)
    (waiter,) = write(tmp_path, [record(1)], limits=full)
    assert isinstance(waiter.outcome, OSError)
    assert read(tmp_path) == []
    write(tmp_path, [record(2)])
    assert read(tmp_path) == [record(2)]


def test_a_folder_that_cannot_be_written_refuses_and_heals(tmp_path: Path) -> None:
    async def scene() -> list[Position | OSError | None]:
        log = EventLog(tmp_path, LIMITS)
        blocked = path_of(tmp_path, 1)
        blocked.mkdir()  # a folder stands where the segment should
        first, second = Waiter(), Waiter()
        log.append([record(1)], 7, first)
        await asyncio.sleep(0.05)
        blocked.rmdir()
        log.append([record(2)], 7, second)
        await asyncio.sleep(0.05)
        await asyncio.to_thread(log.close)
        return [first.outcome, second.outcome]

    refused, taken = asyncio.run(scene())
    assert isinstance(refused, OSError)
    assert isinstance(taken, Position)
    assert read(tmp_path) == [record(2)]


def test_segments_go_a_while_after_all_of_them_was_acknowledged(tmp_path: Path) -> None:
    waiters = write(tmp_path, *[[record(n, 3_000)] for n in range(4)])
    third = waiters[2].outcome
    assert isinstance(third, Position)
    marker = Marker(tmp_path, keep_seconds=60)
    marker.advance(third, now=100.0)
    marker.advance(FAR, now=120.0)
    marker.advance(FAR, now=159.9)
    assert len(numbers(tmp_path)) == 4
    marker.advance(FAR, now=160.0)
    assert numbers(tmp_path)[0] == third.segment
    assert Marker(tmp_path, 60).read() == third
    assert read(tmp_path, third) == [record(2, 3_000), record(3, 3_000)]


def test_a_quiet_log_ends_its_segment_so_that_it_goes(tmp_path: Path) -> None:
    """What a site has to forget would else lie there until 16 MB more had come."""

    async def scene() -> None:
        log = EventLog(tmp_path, LIMITS._replace(segment_seconds=600))
        await appended(log, record(1))
        first, now = log.synced.segment, asyncio.get_running_loop().time()
        log.end_old_segment(now + 599)
        await appended(log, record(2))
        assert log.synced.segment == first
        log.end_old_segment(now + 601)
        async with asyncio.timeout(5):
            while log.synced.segment == first:
                await asyncio.sleep(0.001)
        log.acknowledge(log.synced, 1_000.0)
        assert path_of(tmp_path, first).exists()
        log.acknowledge(log.synced, 1_060.0)
        assert not path_of(tmp_path, first).exists()
        log.end_old_segment(now + 9_999)  # an empty one stays
        await appended(log, record(3))
        assert log.synced.segment == first + 1
        await asyncio.to_thread(log.close)

    asyncio.run(scene())
    assert read(tmp_path, Marker(tmp_path, 60).read()) == [record(3)]


async def appended(log: EventLog, one: Record) -> None:
    log.append([one], 7, Waiter())
    async with asyncio.timeout(5):
        while log.unsynced:
            await asyncio.sleep(0.001)


def test_a_mark_that_cannot_be_read_replays_everything(tmp_path: Path) -> None:
    write(tmp_path, [record(1)])
    (tmp_path / "acknowledged").write_text("no mark")
    assert Marker(tmp_path, 60).read() == Position(1, 0)


def test_numbers_never_fall_behind_the_mark(tmp_path: Path) -> None:
    write(tmp_path, [record(1)])
    log = EventLog(tmp_path, LIMITS)
    log.set_mark(log.end)
    log.close()
    assert numbers(tmp_path) == []
    write(tmp_path, [record(2)])
    again = EventLog(tmp_path, LIMITS)
    assert again.has_older()
    assert read(tmp_path, again.mark) == [record(2)]
    again.close()


@pytest.mark.parametrize("damage", [b"", b"\x00" * 50, b"\xff" * 50])
def test_only_what_was_never_whole_is_called_torn(tmp_path: Path, damage: bytes) -> None:
    write(tmp_path, [record(1)])
    path = path_of(tmp_path, 1)
    path.write_bytes(path.read_bytes() + damage)
    reader = LogReader(tmp_path, FIRST)
    assert len(reader.read(FAR, 1_000)) == 1
    assert reader.read(FAR, 1_000) == []
    assert reader.torn == (1 if damage.strip(b"\x00") else 0)


def test_a_segment_made_ahead_is_used_or_removed(tmp_path: Path) -> None:
    async def scene() -> None:
        log = EventLog(tmp_path, LIMITS)
        log.prepare()
        waiter = Waiter()
        log.append([record(1)], 7, waiter)
        await asyncio.sleep(0.05)
        assert waiter.outcome == Position(1, 0)
        log.prepare()
        await asyncio.to_thread(log.close)

    asyncio.run(scene())
    assert numbers(tmp_path) == [1]
    assert read(tmp_path) == [record(1)]
    again = EventLog(tmp_path, LIMITS)
    again.prepare()
    assert again.has_older()
    again.close()
    assert numbers(tmp_path) == [1]


def test_a_file_system_that_writes_only_through_its_cache_is_written_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zeroes = segments._zeroes  # noqa: SLF001 the one place that asks for it

    def refusing(path: Path, size: int, flags: int) -> int:
        if flags:
            raise OSError(EINVAL, "no")
        return zeroes(path, size, flags)

    monkeypatch.setattr(segments, "_zeroes", refusing)
    batches = [[record(n, 900)] for n in range(9)]
    write(tmp_path, *batches)
    assert read(tmp_path) == [one for batch in batches for one in batch]
