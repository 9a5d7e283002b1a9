"""Silence moves watermarks too: one heartbeat per quiet partition and period."""

import asyncio

import msgspec
import pytest
from kafka.partitioner.default import murmur2 as reference

from ingest_edge.clock import Clock, ReplayClock, WallClock
from ingest_edge.heartbeats import Heartbeats
from ingest_edge.metrics import Metrics
from ingest_edge.partitions import key_for, murmur2, partition_of
from schemas.load import RECORDS
from schemas.wire import problems
from tests.unit.ingest_edge.fakes import NOW, FakeSink


class CountingSink(FakeSink):
    """A fake broker whose topics have four partitions."""

    def partitions(self, topic: str) -> int:
        return 4


def make(clock: Clock | None = None) -> tuple[Heartbeats, CountingSink]:
    sink = CountingSink()
    beats = Heartbeats(("events", "pointers"), sink, clock or WallClock(lambda: NOW), Metrics())
    beats.set_partitions("events", 4)
    return beats, sink


@pytest.mark.parametrize("text", ["", "a", "ab", "abc", "abcd", "shop:01a1fdbf-a896", "é€😀x"])
def test_murmur2_is_kafkas(text: str) -> None:
    assert murmur2(text.encode()) == reference(text.encode()) & 0xFFFFFFFF


def test_each_partition_has_a_key_that_goes_there() -> None:
    for count in (1, 2, 7, 48):
        keys = [key_for(p, count, "heartbeat-") for p in range(count)]
        assert [partition_of(key, count) for key in keys] == list(range(count))


def test_each_quiet_partition_gets_one_record_per_second() -> None:
    beats, sink = make()
    for now in (10.0, 10.5, 11.0, 11.5):
        beats.beat(now)
    assert [partition_of(record.key, 4) for record in sink.records] == [0, 1, 2, 3] * 2
    values = sink.values("events")
    assert all(problems(RECORDS["heartbeat"], value) == [] for value in values)
    assert len({value["event_id"] for value in values}) == 8
    assert {value["received_at"] for value in values} == {NOW}


def test_partition_that_got_a_record_is_left_alone() -> None:
    async def scene() -> list[int]:
        beats, sink = make()
        beats.heard("events", 2)
        beats.heard("imported-events", 1)
        beats.beat(asyncio.get_running_loop().time() + 0.5)
        return [partition_of(record.key, 4) for record in sink.records]

    # A loop's clock may be young: partitions never heard of count as silent only once it is 1 s.
    assert asyncio.run(scene()) in ([0, 1, 3], [])


def test_each_topic_is_told_of_its_own_silence() -> None:
    beats, sink = make()
    beats.set_partitions("pointers", 2)
    beats.beat(10.0)
    assert [record.topic for record in sink.records] == ["events"] * 4 + ["pointers"] * 2


def test_replayed_time_stands_still_until_a_batch_moves_it() -> None:
    clock = ReplayClock()
    beats, sink = make(clock)
    beats.beat(10.0)
    assert sink.records == []
    assert clock.received_at(NOW) == NOW
    assert clock.received_at(NOW - 5_000) == NOW - 5_000
    assert clock.received_at(None) == NOW
    beats.beat(11.0)
    assert [record.at for record in sink.records] == [NOW] * 4
    assert msgspec.json.decode(sink.records[0].value)["event_at"] == NOW
