"""What a request and an event cost at the edge, beside an edge written in the obvious way.

Starts Kafka, Postgres and three edges in a home of its own: ours, ours without its log, and
plain_edge.py (FastAPI, pydantic, aiokafka). All get the same bodies in the same run, in turns; what
counts is the CPU of each one's process, acknowledgements, log and replay included. Where there are
two cores, edges and load each keep to one.
"""

import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import psutil

from infra.local.config import CHECKOUT
from serving.control import keys
from tests.integration.stack import Stack
from tests.load.edge_load import CONNECTIONS, drive, request
from tests.load.report import Figure, Unmeasurable, percentile

TITLE: Final = "Edge"
DEFAULT_SIZE: Final = 20_000
_RUNS: Final = 5
_AWAY_RUNS: Final = 2
_BATCHES: Final = (1, 10)
_NO_LIMIT: Final = 1_000_000_000
_SHARES: Final = ((0.5, "p50"), (0.99, "p99"), (0.999, "p99.9"))
OURS: Final = "edge"
LOG_OFF: Final = "edge without its log"
PLAIN: Final = "FastAPI, pydantic, aiokafka"
AWAY: Final = "edge, Kafka away"


@dataclass(frozen=True)
class Edge:
    """One edge under test."""

    address: tuple[str, int]
    process: psutil.Process

    def cpu(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def gauge(self, name: str) -> float:
        """Return one number of the edge's /metrics; 0 where it has none."""
        host, port = self.address
        with urllib.request.urlopen(f"http://{host}:{port}/metrics", timeout=30) as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith(f"{name} "):
                    return float(line.split()[1])
        return 0.0


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


def _run(edge: Edge, name: str, key: str, batch: int, size: int, rounds: Rounds) -> None:
    """Load the edge as much as it takes, then half as much."""
    kind = "application/json" if name == PLAIN else "text/plain"
    count = max(CONNECTIONS, size // (batch if batch > 1 else 5))
    bodies = [request(key, batch, kind) for _ in range(count)]
    before, started = edge.cpu(), time.monotonic()
    _in_load_process(edge, bodies, 0.0)
    took = time.monotonic() - started
    if name in (OURS, LOG_OFF):
        _until_quiet(edge)
    rounds.cpu_us.append((edge.cpu() - before) * 1e6 / count)
    rounds.per_second.append(count / took)
    half = [request(key, batch, kind) for _ in range(count // 2)]
    rounds.half_load_ms.append(_in_load_process(edge, half, count / took / 2))


def _away(
    stack: Stack, edge: Edge, key: str, size: int, found: dict[tuple[str, int], Rounds]
) -> tuple[float, float]:
    """Run with the broker frozen, let the log drain; return its events/s and us an event."""
    stack.kill("kafka", signal.SIGSTOP)
    try:
        _in_load_process(edge, [request(key, 1, "text/plain")], 0.0)
        _wait("the edge to rely on its log", lambda: edge.gauge("headwater_edge_log_replaying") > 0)
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


def _until_quiet(edge: Edge) -> None:
    """Wait until the broker has all."""
    names = ("headwater_edge_records_waiting", "headwater_edge_log_replaying")
    _wait("the broker's acknowledgements", lambda: all(edge.gauge(n) < 20 for n in names[:1]))
    _wait("the end of the replay", lambda: edge.gauge(names[1]) == 0)


def _wait(what: str, is_so: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise Unmeasurable(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.1)


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
def _edges() -> Iterator[tuple[Stack, dict[str, Edge], str]]:
    """Yield the home, the edges that run in it, and a key that all of them take."""
    folder = Path(tempfile.mkdtemp(prefix="headwater-bench-"))
    stack = Stack.at(folder / "home")
    try:
        stack.up("--only", "postgres,kafka,control,topics")
        stack.make_site("bench")
        with stack.postgres() as connection:
            key = keys.create_key(connection, "bench", "pub", requests_per_minute=_NO_LIMIT)
        with ExitStack() as running:
            ports = {name: _free_port() for name in (LOG_OFF, PLAIN)}
            edges = {
                OURS: running.enter_context(_ours(stack, urlsplit(stack.url("edge")).port or 0, 0)),
                LOG_OFF: running.enter_context(_ours(stack, ports[LOG_OFF], -1)),
                PLAIN: running.enter_context(_plain(stack, ports[PLAIN], key)),
            }
            for name, edge in edges.items():
                _wait(f"{name} to take events", partial(_takes_events, edge, name, key))
            yield stack, edges, key
    finally:
        stack.headwater("down", check=False)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _ours(stack: Stack, port: int, log_after_ms: int) -> Iterator[Edge]:
    own = {
        "HEADWATER_EDGE_URL": f"http://127.0.0.1:{port}",
        "HEADWATER_EDGE_LOG_AFTER_MS": str(log_after_ms),
    }
    with _started([sys.executable, "-m", "ingest_edge"], stack.environment | own, port) as edge:
        yield edge


@contextmanager
def _plain(stack: Stack, port: int, key: str) -> Iterator[Edge]:
    kafka = stack.environment["HEADWATER_KAFKA_BOOTSTRAP"]
    words = [sys.executable, "-m", "tests.load.plain_edge", str(port), kafka, key]
    with _started(words, {}, port) as edge:
        yield edge


@contextmanager
def _started(words: list[str], environment: dict[str, str], port: int) -> Iterator[Edge]:
    process = subprocess.Popen(
        words, env={**os.environ, **environment}, cwd=CHECKOUT, stderr=subprocess.DEVNULL
    )
    watched = psutil.Process(process.pid)
    _keep_to_core(watched, 0)
    try:
        yield Edge(("127.0.0.1", port), watched)
    finally:
        process.terminate()
        process.wait(30)


def _takes_events(edge: Edge, name: str, key: str) -> bool:
    kind = "application/json" if name == PLAIN else "text/plain"
    try:
        return bool(drive(edge.address, [request(key, 1, kind)], 0.0))
    except (OSError, Unmeasurable):
        return False


def _in_load_process(edge: Edge, bodies: list[bytes], rate: float) -> list[float]:
    with multiprocessing.get_context("fork").Pool(1, _keep_to_core_here) as pool:
        return pool.apply(drive, (edge.address, bodies, rate))


def _keep_to_core_here() -> None:
    _keep_to_core(psutil.Process(), 1)


def _keep_to_core(process: psutil.Process, core: int) -> None:
    if (os.cpu_count() or 1) > 1:
        process.cpu_affinity([core])


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
