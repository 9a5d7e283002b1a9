"""The live view of a site: the last 5 and 30 minutes, minute by minute, and what is popular."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from serving.asked import bucket_of
from serving.cache import Cache
from serving.lake import Lake
from serving.query import periods, rows
from serving.query.ask import check
from serving.query.compiler import compile_part
from serving.query.periods import Span
from serving.query.plan import plan
from serving.query.schemas import LastMinutes, MinuteCount, Question, Realtime, TopValue
from serving.scope import SiteScope

WINDOWS: Final = (5, 30)
TOP: Final = 10
_METRICS: Final = ["visitors", "page_views"]


class LiveView:
    """Answers who is on a site now, at most once in 5 s for each site."""

    def __init__(self, lake: Lake, cache: Cache, clock: Callable[[], float] = time.time) -> None:
        self._lake = lake
        self._cache = cache
        self._clock = clock

    async def of(self, scope: SiteScope) -> Realtime:
        """Return the live view; an older one with its age while Trino is away."""
        now = datetime.fromtimestamp(self._clock(), UTC)
        found = await self._cache.get(
            ("realtime", scope), bucket_of(now), lambda: self._read(scope, now)
        )
        if not found.is_stale:
            return found.value
        age = round(self._clock() - found.computed_at, 1)
        return found.value.model_copy(update={"stale_seconds": age})

    async def _read(self, scope: SiteScope, now: datetime) -> Realtime:
        spans = [Span(now - timedelta(minutes=m), now + _AHEAD, "UTC") for m in WINDOWS]
        start = now.replace(second=0, microsecond=0) - timedelta(minutes=WINDOWS[-1] - 1)
        minutes = Span(start, now + _AHEAD, "UTC")
        *counts, by_minute, pages, sources, countries = await asyncio.gather(
            *(self._groups(scope, span, []) for span in spans),
            self._groups(scope, minutes, ["time:minute"]),
            *(self._groups(scope, spans[-1], [name]) for name in ("page", "source", "country")),
        )
        return Realtime(
            site=scope.site_id,
            as_of=now,
            windows=[_window(m, found) for m, found in zip(WINDOWS, counts, strict=True)],
            by_minute=_by_minute(by_minute, minutes, now),
            pages=_top(pages),
            sources=_top(sources),
            countries=_top(countries),
        )

    async def _groups(self, scope: SiteScope, span: Span, dimensions: list[str]) -> rows.Table:
        question = Question(site=scope.site_id, metrics=_METRICS, dimensions=dimensions, limit=TOP)
        ask = check(question)
        table = rows.Table({})
        for part in plan(ask, span, span.start):
            statement = compile_part(ask, part, span, scope)
            table.add(part, await self._lake.rows(statement, scope), len(dimensions))
        return table


_AHEAD: Final = timedelta(minutes=1)  # clocks of edges differ by less


def _window(minutes: int, found: rows.Table) -> LastMinutes:
    visitors, page_views = _numbers(found.groups.get((), {}))
    return LastMinutes(minutes=minutes, visitors=visitors, page_views=page_views)


def _by_minute(found: rows.Table, span: Span, now: datetime) -> list[MinuteCount]:
    counted = []
    for bucket in periods.buckets(span, "minute", now):
        minute = rows.in_utc(bucket)
        visitors, page_views = _numbers(found.groups.get((minute,), {}))
        counted.append(MinuteCount(minute=minute, visitors=visitors, page_views=page_views))
    return counted


def _top(found: rows.Table) -> list[TopValue]:
    listed = [(key[0], *_numbers(counts)) for key, counts in found.groups.items()]
    return [TopValue(value=v, visitors=n, page_views=p) for v, n, p in listed[:TOP]]


def _numbers(counts: rows.Counts) -> tuple[int, int]:
    visitors, page_views = (int(counts.get(name, [0])[0]) for name in _METRICS)
    return visitors, page_views
