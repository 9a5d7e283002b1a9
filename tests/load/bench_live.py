"""How long until what just happened stands in the live tables, everything running, under load.

Measures the home of HEADWATER_HOME. HEADWATER_BENCH_RATE: events a second beside (500).
"""

import os
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final

from tests.integration.ledger import Load
from tests.integration.stack import Stack, TestSite
from tests.load.bench_freshness import page_view, send
from tests.load.report import Figure, Unmeasurable, percentile
from tests.load.running_home import running_home

TITLE: Final = "Freshness of live tables"
DEFAULT_SIZE: Final = 30
RATE: Final = int(os.environ.get("HEADWATER_BENCH_RATE", "500"))
_EVERY_SECONDS: Final = 4.0
_LOOK_SECONDS: Final = 1.0
# One that waits for each answer before it sends again reaches less than the rate.
_SENDERS: Final = 4
# Each of them does something every 20 s at the default rate, and again and again.
_VISITORS: Final = 10_000
_PATIENCE_SECONDS: Final = 300.0
# The first rows of a site come from jobs and caches that never saw it: they are not counted.
_WARM_UP: Final = 3
_QUERIES: Final[dict[str, str]] = {
    "a row of events": "SELECT count(*) FROM analytics.events WHERE site_id = '{}'",
    "an open session": "SELECT count(*) FROM analytics.sessions WHERE site_id = '{}'",
    "a row of friction": "SELECT count(*) FROM analytics.friction WHERE site_id = '{}'",
    "counted in its minute": "SELECT sum(event_count) FROM analytics.minutes WHERE site_id = '{}'",
}


@dataclass
class Watch:
    """When each probe was sent, and when each table first showed it (monotonic seconds).

    `looks`: seconds from one look at all tables to the next.
    """

    stack: Stack
    site: TestSite
    sent: list[float] = field(default_factory=list)
    seen: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in _QUERIES})
    looks: list[float] = field(default_factory=list)

    def probe(self) -> None:
        """Send one more event of a new visitor: a form found wrong is a row of every table."""
        name = f"probe-{len(self.sent):04d}"
        event = page_view(name, name) | {"type": "track", "event": "form_error"}
        self.sent.append(time.monotonic())
        send(self.stack, self.site, event | {"properties": {"form": "signup"}})

    def look(self) -> None:
        """Note which probes each table shows by now; they come in the order of sending."""
        for name, query in _QUERIES.items():
            if len(self.seen[name]) < len(self.sent):
                ((count,),) = self.stack.sql(query.format(self.site.site_id), user="reader")
                news = int(count or 0) - len(self.seen[name])
                self.seen[name] += [time.monotonic()] * news

    def is_done(self, size: int) -> bool:
        """Whether every probe was sent and seen everywhere."""
        return all(len(times) >= size for times in self.seen.values())

    def seconds(self, name: str) -> list[float]:
        """Return how long each probe took to that table."""
        pairs = list(zip(self.sent, self.seen[name], strict=False))[_WARM_UP:]
        return [seen - sent for sent, seen in pairs]


def measure(size: int) -> list[Figure]:
    """Send `size` probes, one every four seconds, beside a steady load of another site."""
    stack = running_home()
    made = [stack.make_site(f"{name}-{uuid.uuid4().hex[:8]}") for name in ("load", "probe")]
    watch = Watch(stack, made[1])
    loads = [
        Load(stack, made[0], RATE // _SENDERS, f"{sender}-", _VISITORS // _SENDERS, (0,))
        for sender in range(_SENDERS)
    ]
    with ExitStack() as running:
        for load in loads:
            running.enter_context(load)
        started = time.monotonic()
        _watch(watch, size + _WARM_UP)
        taken = sum(len(load.ledger.acknowledged) for load in loads)
        rate = taken / (time.monotonic() - started)
    every = percentile(watch.looks, 0.5)
    note = f"{size} probes, {rate:.0f} events/s beside, looked at every {every:.1f} s"
    return [figure for name in _QUERIES for figure in _figures(name, watch.seconds(name), note)]


def _watch(watch: Watch, size: int, clock: Callable[[], float] = time.monotonic) -> None:
    due = clock()
    deadline = due + size * _EVERY_SECONDS + _PATIENCE_SECONDS
    while not watch.is_done(size):
        if len(watch.sent) < size and clock() >= due:
            watch.probe()
            due += _EVERY_SECONDS
        if clock() > deadline:
            missing = {name: size - len(times) for name, times in watch.seen.items()}
            raise Unmeasurable(f"not seen in time: {missing}")
        looked = clock()
        watch.look()
        time.sleep(max(0.0, looked + _LOOK_SECONDS - clock()))
        watch.looks.append(clock() - looked)


def _figures(name: str, seconds: list[float], note: str) -> list[Figure]:
    shares = ((0.5, "p50"), (0.95, "p95"))
    return [Figure(f"{name}: {p}", "s", (percentile(seconds, s),), note) for s, p in shares]
