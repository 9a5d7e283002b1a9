"""Nothing acknowledged is lost: the log and the broker together, the broker made up."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest_edge.errors import BadSetting, LogFull, NotDurable
from tests.unit.ingest_edge.made_up_kafka import World, record


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for a condition, at most 5 s."""
    async with asyncio.timeout(5):
        while not is_so():
            await asyncio.sleep(0.005)


def numbers(*values: int) -> list[bytes]:
    return [record(value).value for value in values]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "home")


def test_the_log_answers_while_the_broker_is_silent(world: World) -> None:
    async def scene() -> None:
        world.kafka.is_up = False
        await world.sink.start()
        await world.sink.put([record(1), record(2)])
        assert world.sink.gauges()["headwater_edge_log_records"] == 2
        assert world.sink.gauges()["headwater_edge_log_bytes"] > 0
        assert await world.sink.can_write("events")
        assert (await world.sink.checks("events"))["kafka"] != "ok"
        world.kafka.is_up = True
        await until(lambda: len(world.values) == 2)
        await world.sink.close()

    asyncio.run(scene())
    assert world.values == numbers(1, 2)


def test_what_the_broker_gave_up_is_sent_again_in_order(world: World) -> None:
    async def scene() -> None:
        await world.sink.start()
        await world.sink.put([record(0)])
        world.kafka.is_up = False
        for number in range(1, 5):
            await world.sink.put([record(number)])
        world.kafka.gives_up = True
        await until(lambda: not world.sink.is_direct)
        for number in range(5, 9):
            await world.sink.put([record(number)])
        assert world.sink.gauges()["headwater_edge_log_replaying"] == 1
        world.kafka.is_up = True
        await until(lambda: len(world.values) >= 9)
        world.sink.put_later(record(99, schema="heartbeat.1"))
        await until(lambda: world.sink.is_direct)
        await world.sink.put([record(9)])
        await world.sink.close()

    asyncio.run(scene())
    found = [value for value in world.values if value != record(99).value]
    assert list(dict.fromkeys(found)) == numbers(*range(10))
    assert found.index(record(9).value) == len(found) - 1
    assert world.metrics.count("headwater_edge_log_replayed_total", "events") >= 8


def test_what_a_killed_edge_had_acknowledged_is_sent_by_the_next(world: World) -> None:
    async def first() -> World:
        world.kafka.is_up = False
        await world.sink.start()
        for number in range(20):
            await world.sink.put([record(number)])
        return world.after_kill()

    async def second(world: World) -> None:
        await world.sink.start()
        await world.sink.put([record(20)])
        world.kafka.is_up = True
        await until(lambda: len(world.values) >= 21)
        world.sink.put_later(record(99, schema="heartbeat.1"))
        await until(lambda: world.sink.is_direct)
        await world.sink.close()

    kafka = world.kafka
    after = asyncio.run(first())
    kafka.records.clear()
    asyncio.run(second(after))
    found = [value for value in after.values if value != record(99).value]
    # The queue of the first died with it in truth; here it lives on and sends doubles.
    assert list(dict.fromkeys(found))[:21] == numbers(*range(21))


def test_after_a_clean_end_nothing_is_sent_again(world: World) -> None:
    async def life(world: World, number: int) -> None:
        await world.sink.start()
        assert world.sink.is_direct
        await world.sink.put([record(number)])
        await until(lambda: record(number).value in world.values)
        await world.sink.close()

    asyncio.run(life(world, 1))
    for number in (2, 3):
        asyncio.run(life(World(world.home, kafka=world.kafka), number))
    assert world.values == numbers(1, 2, 3)


def test_a_full_disk_leaves_the_answer_to_the_broker_and_heals(world: World) -> None:
    async def scene() -> None:
        await world.sink.start()
        world.fill_disk()
        await world.sink.put([record(1)])
        assert world.values == numbers(1)
        world.kafka.is_up, world.kafka.gives_up = False, True
        with pytest.raises(LogFull) as caught:
            await world.sink.put([record(2)])
        assert caught.value.status == 507
        world.kafka.gives_up = False
        with pytest.raises(LogFull):  # at once, although the broker says nothing at all
            await world.sink.put([record(3)])
        await until_silent(world)
        assert not await world.sink.can_write("events")
        world.fill_disk(is_full=False)
        assert await world.sink.can_write("events")
        await world.sink.put([record(4)])
        world.kafka.is_up = True
        await until(lambda: record(4).value in world.values)
        await world.sink.close()

    asyncio.run(scene())
    assert record(3).value not in world.values


async def until_silent(world: World) -> None:
    """Wait until nothing was heard from the broker for a while."""
    async with asyncio.timeout(5):
        while (await world.sink.checks("events"))["kafka"] == "ok":
            await asyncio.sleep(0.05)


def test_a_full_queue_is_no_loss(world: World) -> None:
    async def scene() -> None:
        await world.sink.start()
        world.kafka.is_up, world.kafka.room = False, 3
        for number in range(6):
            await world.sink.put([record(number)])
        world.kafka.is_up, world.kafka.room = True, 1_000
        await until(lambda: len(set(world.values)) == 6)
        await world.sink.close()

    asyncio.run(scene())
    assert list(dict.fromkeys(world.values)) == numbers(*range(6))


def test_refused_events_wait_in_the_log_and_heartbeats_do_not(world: World) -> None:
    async def scene() -> None:
        await world.sink.start()
        world.kafka.is_up, world.kafka.gives_up = False, True
        world.sink.put_later(record(1, "rejected-events", "rejected_event.1"))
        world.sink.put_later(record(2, schema="heartbeat.1"))
        await until(lambda: not world.sink.is_direct)
        world.sink.put_later(record(3, "rejected-events", "rejected_event.1"))
        await asyncio.sleep(0.05)
        world.kafka.is_up = True
        await until(lambda: len(world.values) == 2)
        await world.sink.close()

    asyncio.run(scene())
    assert world.values == numbers(1, 3)
    assert world.metrics.count("headwater_edge_records_failed_total", "events") == 1


def test_only_what_is_slow_goes_into_the_log_when_it_is_told_to_wait(tmp_path: Path) -> None:
    world = World(tmp_path / "home", after_ms=50)

    async def scene() -> None:
        await world.sink.start()
        await world.sink.put([record(1)])
        assert world.metrics.count("headwater_edge_log_appended_total", "events") == 0
        world.kafka.is_up = False
        await world.sink.put([record(2)])
        assert world.metrics.count("headwater_edge_log_appended_total", "events") == 1
        world.kafka.gives_up = True
        await world.sink.put([record(3)])
        world.kafka.is_up = True
        await until(lambda: len(set(world.values)) == 3)
        await world.sink.close()

    asyncio.run(scene())


def test_without_a_log_the_broker_alone_answers(tmp_path: Path) -> None:
    world = World(tmp_path / "home", after_ms=-1)

    async def scene() -> None:
        await world.sink.start()
        await world.sink.put([record(1)])
        world.kafka.is_up, world.kafka.gives_up = False, True
        with pytest.raises(NotDurable) as caught:
            await world.sink.put([record(2)])
        assert caught.value.status == 503
        await world.sink.close()

    asyncio.run(scene())
    assert not (tmp_path / "home").exists()


def test_a_second_edge_of_the_same_home_says_what_to_do(world: World) -> None:
    with pytest.raises(BadSetting, match="HEADWATER_HOME of its own"):
        World(world.home)


def test_a_home_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file stands here")
    with pytest.raises(BadSetting, match="cannot be written"):
        World(tmp_path / "home")
