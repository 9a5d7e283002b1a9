"""Who listens to which site, and what they would have missed while they came back.

The topic is read only while somebody listens, and for a while after. Nothing is kept beyond the
newest events of the sites that are listened to: what a process forgets is in `analytics.events`.
"""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from schemas.loaders.rules import LiveRules
from serving import metrics
from serving.errors import LiveAway, TooManyStreams
from serving.live.event import Item, item_of
from serving.live.listener import Listener, Wanted
from serving.live.tail import Arrived, Tail

_READY_SECONDS: Final = 5.0


@dataclass
class _Watched:
    """A site that is listened to, or was a moment ago: its newest events by event id."""

    newest: OrderedDict[str, Item] = field(default_factory=OrderedDict)
    listeners: list[Listener] = field(default_factory=list)
    forget: asyncio.TimerHandle | None = None


class LiveFeed:
    """Hands every event of a site to those who listen to it; lives in one event loop."""

    def __init__(self, tail: Tail | None, rules: LiveRules) -> None:
        self._tail = tail
        self._rules = rules
        self._sites: dict[str, _Watched] = {}
        self._ready: asyncio.Event | None = None
        self._is_closed = False

    async def listen(self, site_id: str, wanted: Wanted, after: str | None = None) -> Listener:
        """Return a listener that gets all events of the site from now on.

        `after` is the place of the last event that the caller has seen: what came since is in
        the queue. If that place is not remembered any more, the listener is told of a gap.
        Raises TooManyStreams, or LiveAway if the topic cannot be read.
        """
        listener = Listener(wanted, self._rules.queue_events)
        site = self._watch(site_id, listener)
        try:
            await self._wait_until_ready()
        except BaseException:
            self.leave(site_id, listener)
            raise
        if after is not None:
            _catch_up(listener, site, after)
        return listener

    def leave(self, site_id: str, listener: Listener) -> None:
        """Take a listener out; its site is read for a while longer."""
        site = self._sites.get(site_id)
        if site is None or listener not in site.listeners:
            return
        site.listeners.remove(listener)
        metrics.LIVE_STREAMS.dec()
        if not site.listeners:
            loop = asyncio.get_running_loop()
            site.forget = loop.call_later(self._rules.linger_seconds, self._forget, site_id)

    def close(self) -> None:
        """End all streams and read no more."""
        self._is_closed = True
        for site in self._sites.values():
            for listener in site.listeners:
                listener.end()
        self._stop()

    def _watch(self, site_id: str, listener: Listener) -> _Watched:
        rules, site = self._rules, self._sites.get(site_id, _Watched())
        if self._tail is None:
            raise LiveAway("This server knows no Kafka: HEADWATER_KAFKA_BOOTSTRAP is not set.")
        count = sum(len(each.listeners) for each in self._sites.values())
        if count >= rules.max_streams or len(site.listeners) >= rules.max_streams_per_site:
            raise TooManyStreams("Too many listen already; close a stream, or ask again later.")
        if site.forget is not None:
            site.forget.cancel()
            site.forget = None
        site.listeners.append(listener)
        metrics.LIVE_STREAMS.inc()
        self._sites[site_id] = site
        self._tail.want(frozenset(self._sites))
        return site

    async def _wait_until_ready(self) -> None:
        if self._ready is None:
            self._ready = self._start()
        try:
            await asyncio.wait_for(self._ready.wait(), _READY_SECONDS)
        except TimeoutError:
            raise LiveAway("Kafka does not answer; live events cannot be told now.") from None

    def _start(self) -> asyncio.Event:
        loop, ready = asyncio.get_running_loop(), asyncio.Event()
        if self._tail is None or self._is_closed:
            raise LiveAway("The server is stopping.")

        def soon(what: object, *values: object) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(what, *values)  # type: ignore[arg-type]

        self._tail.start(lambda many: soon(self._take, many), lambda: soon(ready.set))
        return ready

    def _take(self, many: Sequence[Arrived]) -> None:
        for arrived in many:
            site = self._sites.get(arrived.site_id)
            item = item_of(arrived) if site is not None else None
            # A browser's retry is a second record of the same event.
            if site is None or item is None or item.event_id in site.newest:
                continue
            site.newest[item.event_id] = item
            if len(site.newest) > self._rules.buffer_events:
                site.newest.popitem(last=False)
            for listener in site.listeners:
                listener.offer(item)

    def _forget(self, site_id: str) -> None:
        del self._sites[site_id]
        if self._tail is not None:
            self._tail.want(frozenset(self._sites))
        if not self._sites:
            self._stop()

    def _stop(self) -> None:
        if self._tail is not None and self._ready is not None:
            self._tail.stop()
        self._ready = None


def _catch_up(listener: Listener, site: _Watched, after: str) -> None:
    items = list(site.newest.values())
    places = [item.place for item in items]
    if after not in places:
        listener.skip()
        return
    # What came while the topic was being opened is among them.
    listener.begin_with(items[places.index(after) + 1 :])
