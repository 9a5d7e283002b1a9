"""Where the CPU of a request goes: the same load on edges that do more and more.

Each rung of the ladder (edge_rung.py) is a process of its own on one core, loaded from the other in
turns; the difference of two rungs is what the later one adds: interpreter, libraries, threads,
their wake-ups and system calls.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.integration.stack import Stack
from tests.load.edge_load import CONNECTIONS, request
from tests.load.edge_process import EdgeProcess, edge_home, free_port, load, started, takes, wait
from tests.load.edge_rung import RUNGS
from tests.load.report import Figure

TITLE: Final = "Where a request's CPU goes at the edge"
DEFAULT_SIZE: Final = 10_000
_RUNS: Final = 5
_BATCHES: Final = (1, 10)


def measure(size: int) -> list[Figure]:
    """Return the CPU of a request on each rung; `size` requests a run."""
    found: dict[tuple[str, int], list[float]] = {}
    with edge_home() as (stack, key):
        for _ in range(_RUNS):
            for rung in RUNGS:
                with _running(stack, rung, key) as edge:
                    for batch in _BATCHES:
                        cost = _cost(edge, key, batch, size)
                        found.setdefault((rung, batch), []).append(cost)
    return [
        Figure(f"{batch} a post: {rung}", "us per request", tuple(found[rung, batch]))
        for batch in _BATCHES
        for rung in RUNGS
    ]


def _cost(edge: EdgeProcess, key: str, batch: int, size: int) -> float:
    """Return us of CPU a request, what is done after the answer included."""
    load(edge, [request(key, batch, "text/plain") for _ in range(10 * CONNECTIONS)])
    bodies = [request(key, batch, "text/plain") for _ in range(size)]
    before = edge.cpu()
    load(edge, bodies)
    quiet(edge)
    return (edge.cpu() - before) / size * 1e6


def quiet(edge: EdgeProcess) -> None:
    """Wait until the edge does nothing any more for its requests."""
    last = [edge.cpu() - 1.0]

    def is_quiet() -> bool:
        now, before = edge.cpu(), last[0]
        last[0] = now
        return now - before < 0.01

    wait("the edge to fall silent", is_quiet)


@contextmanager
def _running(stack: Stack, rung: str, key: str) -> Iterator[EdgeProcess]:
    port = free_port()
    own = {"HEADWATER_EDGE_URL": f"http://127.0.0.1:{port}"}
    words = [sys.executable, "-m", "tests.load.edge_rung", rung]
    with started(words, stack.environment | own, port) as edge:
        wait(f"{rung!r} to take events", lambda: takes(edge, request(key, 1, "text/plain")))
        yield edge
