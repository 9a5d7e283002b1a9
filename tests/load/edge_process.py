"""Edges under test as processes of their own: started, loaded, and their CPU read."""

import multiprocessing
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from infra.local.config import CHECKOUT
from serving.control import keys
from tests.integration.stack import Stack
from tests.load.edge_load import drive
from tests.load.report import Unmeasurable

# The kernel's clock of a process' CPU (CPUCLOCK_SCHED, see clock_getcpuclockid): nanoseconds, all
# threads, those that have ended too. /proc/PID/stat counts in ticks of 10 ms.
_CPU_OF_PROCESS: Final = 2
EDGE_CORE, LOAD_CORE = 0, 1
_NO_LIMIT: Final = 1_000_000_000


@dataclass(frozen=True)
class EdgeProcess:
    """One edge under test."""

    address: tuple[str, int]
    pid: int

    def cpu(self) -> float:
        """Return the CPU-seconds that the process has used, user and system, all threads."""
        return time.clock_gettime(~self.pid << 3 | _CPU_OF_PROCESS)

    def gauge(self, name: str) -> float:
        """Return one number of the edge's /metrics; 0 where it has none."""
        host, port = self.address
        with urllib.request.urlopen(f"http://{host}:{port}/metrics", timeout=30) as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith(f"{name} "):
                    return float(line.split()[1])
        return 0.0


@contextmanager
def edge_home() -> Iterator[tuple[Stack, str]]:
    """Run what an edge needs in a home of its own; yield it, and a write key without a limit."""
    folder = Path(tempfile.mkdtemp(prefix="headwater-bench-"))
    stack = Stack.at(folder / "home")
    try:
        stack.up("--only", "postgres,kafka,control,topics")
        stack.make_site("bench")
        with stack.postgres() as connection:
            key = keys.create_key(connection, "bench", "pub", requests_per_minute=_NO_LIMIT)
        yield stack, key
    finally:
        stack.headwater("down", check=False)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def started(words: list[str], environment: Mapping[str, str], port: int) -> Iterator[EdgeProcess]:
    """Run an edge on the core of edges until the block ends."""
    process = subprocess.Popen(
        words, env={**os.environ, **environment}, cwd=CHECKOUT, stderr=subprocess.DEVNULL
    )
    _keep_to_core(psutil.Process(process.pid), EDGE_CORE)
    try:
        yield EdgeProcess(("127.0.0.1", port), process.pid)
    finally:
        process.terminate()
        process.wait(30)


def wait(what: str, is_so: Callable[[], bool], seconds: float = 120) -> None:
    """Wait for a condition; Unmeasurable names what did not come."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise Unmeasurable(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.1)


def takes(edge: EdgeProcess, request: bytes) -> bool:
    """Tell whether the edge answers the request with 200."""
    try:
        return bool(drive(edge.address, [request], 0.0))
    except (OSError, Unmeasurable):
        return False


def load(edge: EdgeProcess, requests: list[bytes], rate: float = 0.0) -> list[float]:
    """Send requests from a process on the other core; return ms each took (see drive)."""
    with multiprocessing.get_context("fork").Pool(1, _keep_to_load_core) as pool:
        return pool.apply(drive, (edge.address, requests, rate))


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _keep_to_load_core() -> None:
    _keep_to_core(psutil.Process(), LOAD_CORE)


def _keep_to_core(process: psutil.Process, core: int) -> None:
    if (os.cpu_count() or 1) > 1:
        process.cpu_affinity([core])
