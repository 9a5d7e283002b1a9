"""One computation at a time; a new version computes again; an old value outlives the lake."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from serving.cache import MAX_STALE_SECONDS, Cache
from serving.errors import LakeUnavailable
from tests.unit.serving.fakes import Clock


class Source:
    """Counts how often it is asked; fails or hangs when told to."""

    def __init__(self) -> None:
        self.count = 0
        self.is_away = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self) -> int:
        self.count += 1
        await self.gate.wait()
        if self.is_away:
            raise LakeUnavailable("away")
        return self.count


def run(scenario: Callable[[Cache, Source, Clock], Awaitable[None]]) -> None:
    async def all_of_it() -> None:
        clock = Clock()
        await scenario(Cache(max_weight=3, clock=clock, patience_seconds=0.05), Source(), clock)

    asyncio.run(all_of_it())


def test_the_same_version_is_computed_once() -> None:
    async def scenario(cache: Cache, source: Source, _: Clock) -> None:
        first = await cache.get("k", 1, source)
        second = await cache.get("k", 1, source)
        assert (first.value, first.is_cached) == (1, False)
        assert (second.value, second.is_cached) == (1, True)

    run(scenario)


def test_another_version_is_computed_again() -> None:
    async def scenario(cache: Cache, source: Source, _: Clock) -> None:
        await cache.get("k", 1, source)
        assert (await cache.get("k", 2, source)).value == 2

    run(scenario)


def test_many_at_once_wait_for_one() -> None:
    async def scenario(cache: Cache, source: Source, _: Clock) -> None:
        found = await asyncio.gather(*(cache.get("k", 1, source) for _ in range(50)))
        assert source.count == 1
        assert {one.value for one in found} == {1}

    run(scenario)


def test_a_slow_lake_is_asked_one_version_at_a_time() -> None:
    async def scenario(cache: Cache, source: Source, _: Clock) -> None:
        await cache.get("k", 1, source)
        source.gate.clear()
        late = await asyncio.gather(*(cache.get("k", token, source) for token in (2, 3, 4)))
        assert source.count == 2
        assert {(one.value, one.is_stale) for one in late} == {(1, True)}
        source.gate.set()
        found = late[0]
        while found.is_stale:
            found = await cache.get("k", 5, source)
        assert found.value == 3

    run(scenario)


def test_the_newest_value_stands_in_though_it_came_while_others_waited() -> None:
    async def away() -> int:
        raise LakeUnavailable("away")

    async def scenario() -> None:
        cache, source = Cache(patience_seconds=60), Source()
        await cache.get("k", 1, source)
        source.gate.clear()
        second = asyncio.ensure_future(cache.get("k", 2, source))
        third = asyncio.ensure_future(cache.get("k", 3, away))
        await asyncio.sleep(0)
        source.gate.set()
        assert (await second).value == 2
        found = await third
        assert (found.value, found.is_stale) == (2, True)

    asyncio.run(scenario())


def test_one_who_leaves_does_not_end_it_for_the_others() -> None:
    async def scenario(cache: Cache, source: Source, _: Clock) -> None:
        source.gate.clear()
        leaving = asyncio.ensure_future(cache.get("k", 1, source))
        staying = asyncio.ensure_future(cache.get("k", 1, source))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.sleep(0)
        source.gate.set()
        assert (await staying).value == 1

    run(scenario)


def test_an_older_value_stands_in_while_the_lake_is_away() -> None:
    async def scenario(cache: Cache, source: Source, clock: Clock) -> None:
        first = await cache.get("k", 1, source)
        clock.now += 600
        source.is_away = True
        found = await cache.get("k", 2, source)
        assert (found.value, found.is_stale) == (1, True)
        assert found.computed_at == first.computed_at

    run(scenario)


def test_an_older_value_stands_in_while_the_lake_hangs() -> None:
    async def scenario(cache: Cache, source: Source, _: Clock) -> None:
        await cache.get("k", 1, source)
        source.gate.clear()
        assert (await cache.get("k", 2, source)).is_stale
        source.gate.set()
        await asyncio.sleep(0.01)
        assert (await cache.get("k", 2, source)).value == 2  # what hung was kept when it came

    run(scenario)


def test_nothing_stands_in_for_what_was_never_known_or_is_too_old() -> None:
    async def scenario(cache: Cache, source: Source, clock: Clock) -> None:
        source.is_away = True
        with pytest.raises(LakeUnavailable):
            await cache.get("k", 1, source)
        source.is_away = False
        await cache.get("k", 1, source)
        clock.now += MAX_STALE_SECONDS + 1
        source.is_away = True
        with pytest.raises(LakeUnavailable):
            await cache.get("k", 2, source)

    run(scenario)


def test_a_failure_is_not_remembered() -> None:
    async def scenario(cache: Cache, source: Source, _: Clock) -> None:
        source.is_away = True
        with pytest.raises(LakeUnavailable):
            await cache.get("k", 1, source)
        source.is_away = False
        assert (await cache.get("k", 1, source)).value == 2

    run(scenario)


def test_the_least_recently_used_is_given_up() -> None:
    async def scenario(cache: Cache, source: Source, _: Clock) -> None:
        for name in ("a", "b", "c"):
            await cache.get(name, 1, source)
        await cache.get("a", 1, source)
        await cache.get("d", 1, source)
        assert (await cache.get("a", 1, source)).is_cached
        assert not (await cache.get("b", 1, source)).is_cached

    run(scenario)
