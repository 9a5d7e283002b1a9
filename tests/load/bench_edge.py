"""What a request and an event cost at the edge, beside an edge written in the obvious way.

Starts Kafka, Postgres and three edges in a home of its own: ours, ours without its log, and
plain_edge.py (FastAPI, pydantic, aiokafka). All get the same bodies in the same run, in turns; what
counts is the CPU of each one's process, acknowledgements, log and replay included. Where there are
two cores, edges and load each keep to one.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from tests.integration.stack import Stack
from tests.load.edge_load import CONNECTIONS, request
from tests.load.edge_process import EdgeProcess, edge_home, free_port, load, started, takes, wait
from tests.load.report import Figure, percentile

TITLE: Final = "Edge"
DEFAULT_SIZE: Final = 60_000
_RUNS: Final = 5
_AWAY_RUNS: Final = 2
_BATCHES: Final = (1, 10)
_SHARES: Final = ((0.5, "p50"), (0.99, "p99"), (0.999, "p99.9"))
OURS: Final = "edge"
LOG_OFF: Final = "edge without its log"
PLAIN: Final = "FastAPI, pydantic, aiokafka"
AWAY: Final = "edge, Kafka away"


@dataclass
class Rounds:
    """What the runs of one edge and batch size found: CPU in us a request, and ms."""

    cpu_us: list[float] = field(default_factory=list)
    per_second: list[float] = field(default_factory=list)
    half_load_ms: list[list[float]] = field(default_factory=list)


def measure(size: int) -> list[Figure]:
    """Return CPU and answer times of all edges; `size` events a run."""
    busy = Figure("load average before", "", (os.getloadavg()[0],), "above 1, figures suffer")
    found: dict[tuple[str, int], Rounds] = {}
    with _edges() as (stack, edges, key):
        for _ in range(_RUNS):
            for name, edge in edges.items():
                for batch in _BATCHES:
                    rounds = found.setdefault((name, batch), Rounds())
                    _run(edge, name, key, batch, size, rounds)
        drained = [_away(stack, edges[OURS], key, size, found) for _ in range(_AWAY_RUNS)]
    figures = [figure for (name, batch), r in found.items() for figure in _figures(name, batch, r)]
    rates, costs = zip(*drained, strict=True)
    drain = [
        Figure("drain of the log: rate", "events/s", rates, "beside nothing else"),
        Figure("drain of the log: CPU", "us per event", costs, "in 'Kafka away' above"),
    ]
    return [busy, *figures, *drain, *_ratios(found)]


def _run(edge: EdgeProcess, name: str, key: str, batch: int, size: int, rounds: Rounds) -> None:
    """Load the edge as much as it takes, then half as much; a little first, to warm it up."""
    kind = kind_of(name)
    load(edge, [request(key, batch, kind) for _ in range(10 * CONNECTIONS)])
    count = max(CONNECTIONS, size // (batch if batch > 1 else 5))
    bodies = [request(key, batch, kind) for _ in range(count)]
    before, started = edge.cpu(), time.monotonic()
    load(edge, bodies)
    took = time.monotonic() - started
    if name in (OURS, LOG_OFF):
        _until_quiet(edge)
    rounds.cpu_us.append((edge.cpu() - before) * 1e6 / count)
    rounds.per_second.append(count / took)
    half = [request(key, batch, kind) for _ in range(count // 2)]
    rounds.half_load_ms.append(load(edge, half, count / took / 2))


def _away(
    stack: Stack, edge: EdgeProcess, key: str, size: int, found: dict[tuple[str, int], Rounds]
) -> tuple[float, float]:
    """Run with the broker frozen, let the log drain; return its events/s and us an event."""
    stack.kill("kafka", signal.SIGSTOP)
    try:
        load(edge, [request(key, 1, "text/plain")])
        wait("the edge to rely on its log", lambda: edge.gauge("headwater_edge_log_replaying") > 0)
        before, own = edge.gauge("headwater_edge_log_records"), dict[int, Rounds]()
        for batch in _BATCHES:
            own[batch] = found.setdefault((AWAY, batch), Rounds())
            _run(edge, AWAY, key, batch, size, own[batch])
        waiting = edge.gauge("headwater_edge_log_records")
    finally:
        cpu, started = edge.cpu(), time.monotonic()
        stack.kill("kafka", signal.SIGCONT)
    assert waiting > before
    _until_quiet(edge)
    cost = (edge.cpu() - cpu) / waiting * 1e6
    for batch, rounds in own.items():
        rounds.cpu_us[-1] += cost * batch
    return waiting / (time.monotonic() - started), cost


def kind_of(name: str) -> str:
    """Return the content type that an edge reads the tracker's batch from."""
    return "application/json" if name == PLAIN else "text/plain"


def _until_quiet(edge: EdgeProcess) -> None:
    """Wait until the broker has all."""
    names = ("headwater_edge_records_waiting", "headwater_edge_log_replaying")
    wait("the broker's acknowledgements", lambda: all(edge.gauge(n) < 20 for n in names[:1]))
    wait("the end of the replay", lambda: edge.gauge(names[1]) == 0)


def _figures(name: str, batch: int, rounds: Rounds) -> list[Figure]:
    title = f"{name}, {batch} event{'s' if batch > 1 else ''} a post"
    cost = tuple(us / batch for us in rounds.cpu_us)
    times = [
        Figure(
            f"{title}: answer {label} at half load",
            "ms",
            tuple(percentile(run, share) for run in rounds.half_load_ms),
        )  # fmt: skip
        for share, label in _SHARES
    ]
    return [
        Figure(f"{title}: CPU", "us per event", cost),
        Figure(f"{title}: events", "per CPU-s", tuple(1e6 / us for us in cost)),
        *times,
    ]


def _ratios(found: dict[tuple[str, int], Rounds]) -> Iterator[Figure]:
    for batch in _BATCHES:
        ours, plain = found[OURS, batch].cpu_us, found[PLAIN, batch].cpu_us
        runs = tuple(theirs / own for own, theirs in zip(ours, plain, strict=True))
        yield Figure(f"times the CPU of ours: {PLAIN}, {batch} a post", "x", runs)


@contextmanager
def _edges() -> Iterator[tuple[Stack, dict[str, EdgeProcess], str]]:
    """Yield the home, the edges that run in it, and a key that all of them take."""
    with edge_home() as (stack, key), ExitStack() as running:
        ports = {name: free_port() for name in (LOG_OFF, PLAIN)}
        edges = {
            OURS: running.enter_context(_ours(stack, urlsplit(stack.url("edge")).port or 0, 0)),
            LOG_OFF: running.enter_context(_ours(stack, ports[LOG_OFF], -1)),
            PLAIN: running.enter_context(_plain(stack, ports[PLAIN], key)),
        }
        for name, edge in edges.items():
            wait(f"{name} to take events", partial(takes, edge, request(key, 1, kind_of(name))))
        yield stack, edges, key


@contextmanager
def _ours(stack: Stack, port: int, log_after_ms: int) -> Iterator[EdgeProcess]:
    own = {
        "HEADWATER_EDGE_URL": f"http://127.0.0.1:{port}",
        "HEADWATER_EDGE_LOG_AFTER_MS": str(log_after_ms),
    }
    with started([sys.executable, "-m", "ingest_edge"], stack.environment | own, port) as edge:
        yield edge


@contextmanager
def _plain(stack: Stack, port: int, key: str) -> Iterator[EdgeProcess]:
    kafka = stack.environment["HEADWATER_KAFKA_BOOTSTRAP"]
    words = [sys.executable, "-m", "tests.load.plain_edge", str(port), kafka, key]
    with started(words, {}, port) as edge:
        yield edge
