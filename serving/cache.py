"""Remembers what the lake and the control plane said: one look at a time for each question.

A value is kept under its question together with a *token* that says which version of the data
it was computed from: the closed days' runs, or the 5 s bucket for what still runs. Another
token means compute again; if that fails because the lake is away, the older value is given
with its age.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from serving import metrics
from serving.errors import Unavailable

T = TypeVar("T")
MAX_STALE_SECONDS: Final = 86_400
PATIENCE_SECONDS: Final = 8.0  # with an older value at hand nobody waits longer than this


@dataclass(frozen=True)
class Found(Generic[T]):
    """A value, when it was computed, and how it came.

    `is_stale`: the lake could not be asked, so the value is of an older version of the data.
    """

    value: T
    computed_at: float
    is_cached: bool
    is_stale: bool = False


@dataclass(frozen=True)
class _Entry:
    token: Hashable
    value: Any
    computed_at: float
    weight: int


@dataclass(frozen=True)
class _Flight:
    token: Hashable
    task: asyncio.Task[_Entry]


class Cache:
    """Values by question, the least recently used given up first."""

    def __init__(
        self,
        max_weight: int = 2_000_000,
        clock: Callable[[], float] = time.time,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._flights: dict[Hashable, _Flight] = {}
        self._weight = 0
        self._max_weight = max_weight
        self._clock = clock
        self._patience = patience_seconds

    async def get(
        self,
        key: Hashable,
        token: Hashable,
        compute: Callable[[], Awaitable[T]],
        weigh: Callable[[T], int] = lambda _: 1,
    ) -> Found[T]:
        """Return the value of a key at a token, computing it if nobody does already.

        Raises what `compute` raises unless an older value can stand in for it.
        """
        entry = self._entries.get(key)
        if entry is not None and entry.token == token:
            metrics.CACHE.labels("hit").inc()
            self._entries.move_to_end(key)
            return Found(entry.value, entry.computed_at, is_cached=True)
        metrics.CACHE.labels("miss").inc()
        try:
            async with asyncio.timeout(self._patience if self._is_usable(entry) else None):
                landed = await self._land(key, token, compute, weigh)
            return Found(landed.value, landed.computed_at, is_cached=False)
        except (Unavailable, TimeoutError):
            newest = self._entries.get(key)
            if newest is None or not self._is_usable(newest):
                raise
            metrics.CACHE.labels("stale").inc()
            return Found(newest.value, newest.computed_at, is_cached=True, is_stale=True)

    def _is_usable(self, entry: _Entry | None) -> bool:
        return entry is not None and self._clock() - entry.computed_at < MAX_STALE_SECONDS

    async def _land(
        self,
        key: Hashable,
        token: Hashable,
        compute: Callable[[], Awaitable[Any]],
        weigh: Callable[[Any], int],
    ) -> _Entry:
        """Wait for one's own flight; it starts when that of another version has landed.

        A lake that takes longer than a bucket lasts would otherwise be asked the same question
        more and more often at once, and never be in time again.
        """
        while (flight := self._flights.get(key)) is not None and flight.token != token:
            await asyncio.wait([flight.task])
        entry = self._entries.get(key)
        if entry is not None and entry.token == token:
            return entry
        flight = self._flights.get(key) or self._start(key, token, compute, weigh)
        return await asyncio.shield(flight.task)

    def _start(
        self,
        key: Hashable,
        token: Hashable,
        compute: Callable[[], Awaitable[Any]],
        weigh: Callable[[Any], int],
    ) -> _Flight:
        async def fly() -> _Entry:
            try:
                started = self._clock()
                value = await compute()
                entry = _Entry(token, value, started, max(1, weigh(value)))
                self._keep(key, entry)
                return entry
            finally:
                del self._flights[key]

        flight = _Flight(token, asyncio.get_running_loop().create_task(fly()))
        self._flights[key] = flight
        flight.task.add_done_callback(_look_at)
        return flight

    def _keep(self, key: Hashable, entry: _Entry) -> None:
        older = self._entries.pop(key, None)
        self._weight += entry.weight - (older.weight if older else 0)
        self._entries[key] = entry
        while self._weight > self._max_weight and len(self._entries) > 1:
            _, gone = self._entries.popitem(last=False)
            self._weight -= gone.weight


def _look_at(task: asyncio.Task[_Entry]) -> None:
    """See a failure even if everybody who waited has left."""
    if not task.cancelled():
        task.exception()
