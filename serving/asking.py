"""One question about one site that is no query: asked of the cache, told with its freshness."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from serving.asked import bucket_of
from serving.cache import Cache
from serving.freshness import Freshness, State
from serving.lake import Lake, Records
from serving.query.periods import Span
from serving.query.schemas import Meta
from serving.query.sql import Statement
from serving.scope import SiteScope
from serving.shaping import Reading, meta_without_metrics


class SiteView:
    """What of a site one statement tells; closed days from memory, others read once in 5 s."""

    def __init__(
        self,
        lake: Lake,
        cache: Cache,
        freshness: Freshness,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._lake: Final = lake
        self._cache: Final = cache
        self._freshness: Final = freshness
        self._clock: Final = clock

    def today(self, scope: SiteScope) -> date:
        """Return the site's local date."""
        return datetime.fromtimestamp(self._clock(), ZoneInfo(scope.timezone)).date()

    async def read(
        self, statement: Statement, scope: SiteScope, span: Span, source: str
    ) -> tuple[Records, Meta]:
        """Return what a statement over a span tells, older with its age while Trino is away.

        Raises LakeUnavailable or LakeBusy if nothing remembered can stand in.
        """
        started, now = time.perf_counter(), datetime.fromtimestamp(self._clock(), UTC)
        state, reading = await self._freshness.of(scope), Reading()
        found = await self._cache.get(
            statement,
            _token(state, span, now),
            lambda: self._lake.rows(statement, scope),
            len,
        )
        records = reading.saw(found)
        return records, meta_without_metrics(state, span, now, reading, started, [source])


def _token(state: State, span: Span, now: datetime) -> tuple[str, int]:
    is_open = state.open_from(span) < span.end
    return state.version(span), bucket_of(now) if is_open else 0
