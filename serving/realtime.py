"""The live view of a site: the last 5 and 30 minutes, minute by minute, and what is popular."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from serving.asked import bucket_of
from serving.cache import Cache
from serving.lake import Lake, Records
from serving.query.files import read_query
from serving.query.schemas import LastMinutes, MinuteCount, Realtime, TopValue
from serving.query.sql import Sql, Statement
from serving.scope import SiteScope

SHORT: Final = timedelta(minutes=5)
LONG: Final = timedelta(minutes=30)
TOP: Final = 10
_AHEAD: Final = timedelta(minutes=1)  # clocks of edges differ by less
# What `grouping` says of each set: a bit is 0 for the column that is grouped by.
_ALL, _SHORT, _MINUTE, _PAGE, _SOURCE, _COUNTRY = 31, 15, 23, 27, 29, 30


class LiveView:
    """Answers who is on a site now, reading once in 5 s for each site."""

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
        return shaped(await self._lake.rows(_statement(scope, now), scope), scope.site_id, now)


def _statement(scope: SiteScope, now: datetime) -> Statement:
    limits = (now - SHORT, scope.site_id, now - LONG, now + _AHEAD, scope.exclude_bots)
    return Statement(scope.site_id, Sql(read_query("live"), limits))


def shaped(records: Records, site: str, now: datetime) -> Realtime:
    """Return the live view that the groups of `live.sql` make."""
    kinds: dict[int, list[Any]] = {}
    for kind, *group in records:
        kinds.setdefault(kind, []).append(group)
    short = [group for group in kinds.get(_SHORT, []) if group[0]]
    return Realtime(
        site=site,
        as_of=now,
        windows=[_window(SHORT, short), _window(LONG, kinds.get(_ALL, []))],
        by_minute=_minutes(kinds.get(_MINUTE, []), now),
        pages=_top([group for group in kinds.get(_PAGE, []) if group[2] is not None]),
        sources=_top(kinds.get(_SOURCE, [])),
        countries=_top(kinds.get(_COUNTRY, [])),
    )


def _window(length: timedelta, groups: list[Any]) -> LastMinutes:
    visitors, page_views = groups[0][3:] if groups else (0, 0)
    minutes = length // timedelta(minutes=1)
    return LastMinutes(minutes=minutes, visitors=visitors, page_views=page_views)


def _minutes(groups: list[Any], now: datetime) -> list[MinuteCount]:
    known = {group[1].astimezone(UTC): group[3:] for group in groups}
    this = now.replace(second=0, microsecond=0)
    every = [
        this - timedelta(minutes=ago) for ago in range(LONG // timedelta(minutes=1) - 1, -1, -1)
    ]
    return [
        MinuteCount(minute=minute, visitors=visitors, page_views=page_views)
        for minute in every
        for visitors, page_views in [known.get(minute, (0, 0))]
    ]


def _top(groups: list[Any]) -> list[TopValue]:
    ordered = sorted(groups, key=lambda group: (-group[3], group[2] is None, group[2] or ""))
    return [
        TopValue(value=value, visitors=visitors, page_views=page_views)
        for _, _, value, visitors, page_views in ordered[:TOP]
        if visitors
    ]
