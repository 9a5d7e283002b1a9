"""One running home, as the integration tests see it."""

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import psutil
import psycopg

from infra.local.config import CHECKOUT
from infra.local.environment import environment
from infra.local.home import Home
from infra.local.processes import is_running, send
from infra.local.running import current_status
from infra.local.status import ComponentStatus, State, Status
from serving.control import keys, sites

# Tests and benches send faster than a site; those of the limits make keys of their own.
_UNLIMITED: Final = 1_000_000_000
HEADWATER = CHECKOUT / ".venv" / "bin" / "headwater"
T = TypeVar("T")


@dataclass(frozen=True)
class TestSite:
    """A site with one key of each kind, made for one test."""

    __test__ = False

    site_id: str
    write_key: str
    secret_key: str
    api_key: str


@dataclass(frozen=True)
class Stack:
    """A home that runs. Everything a test needs to reach it."""

    home: Path
    environment: dict[str, str]

    @classmethod
    def at(cls, home: Path) -> "Stack":
        """Return the stack of a home, running or not."""
        return cls(home, environment(home))

    def url(self, program: str) -> str:
        """Return the address of edge, serving, trino, flink or dagster."""
        return self.environment[f"HEADWATER_{program.upper()}_URL"]

    def headwater(
        self, *words: str, check: bool = True, timeout: float = 300
    ) -> subprocess.CompletedProcess[str]:
        """Run the command on this home; its output is in the result, and in a failure's message."""
        done = subprocess.run(
            [str(HEADWATER), *words],
            env={**os.environ, "HEADWATER_HOME": str(self.home)},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"headwater {' '.join(words)}: {done.stdout}{done.stderr}")
        return done

    def up(self, *words: str) -> None:
        """Start the home and wait until all of it is ready."""
        patience = ["--timeout", "600"]  # of a busy machine; an idle one takes about a minute
        self.headwater("up", "--detach", "--wait", *patience, *words, timeout=620)

    def down(self) -> None:
        """Stop the home in order."""
        self.headwater("down")

    def status(self) -> Status:
        """Return what runs now."""
        status = current_status(Home(self.home))
        assert status is not None, f"{self.home} was never started"
        return status

    def component(self, name: str) -> ComponentStatus:
        """Return one component of the status."""
        return self.status().components[name]

    def kill(self, name: str, signal_number: int = signal.SIGKILL) -> int:
        """Send a signal to one component and return the pid it had; do not wait."""
        pid = self.component(name).pid
        assert pid is not None, f"{name} does not run"
        os.kill(pid, signal_number)
        return pid

    @contextmanager
    def frozen(self, *names: str) -> Iterator[None]:
        """Stop components and what they started, as if their machine hung; then let them go on."""
        family: list[psutil.Process] = []
        try:
            for name in names:
                pid = self.component(name).pid
                assert pid is not None, f"{name} does not run"
                leader = psutil.Process(pid)
                leader.suspend()
                family += [leader, *leader.children(recursive=True)]
            send(family[::-1], signal.SIGSTOP)
            yield
        finally:
            send(family, signal.SIGCONT)

    def kill_supervisor(self) -> None:
        """Kill -9 the supervisor alone: what it started goes on."""
        pid = self.status().pid
        assert pid is not None, "no supervisor runs"
        supervisor = psutil.Process(pid)
        supervisor.kill()
        psutil.wait_procs([supervisor], timeout=10)

    def processes(self) -> list[psutil.Process]:
        """Return what the components of this home are running now, with their children."""
        family = []
        for part in self.status().components.values():
            # A task may end while it is looked at.
            with suppress(psutil.NoSuchProcess):
                if part.pid is not None and is_running(part.pid, part.started_at):
                    parent = psutil.Process(part.pid)
                    family += [parent, *parent.children(recursive=True)]
        return family

    def kill_everything(self) -> None:
        """Kill -9 the supervisor and every process of the home at once."""
        pid = self.status().pid
        family = [*([psutil.Process(pid)] if pid else []), *self.processes()]
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(family, timeout=10)

    def wait_until(
        self, what: str, ask: Callable[[], T | None], seconds: float = 60, pause: float = 0.3
    ) -> T:
        """Ask until the answer is true and return it; fail with `what` after the time."""
        deadline = time.monotonic() + seconds
        while True:
            answer = ask()
            if answer:
                return answer
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {seconds:.0f} s: {what} (last: {answer!r})")
            time.sleep(pause)

    def postgres(self, database: str = "headwater") -> "psycopg.Connection[tuple[Any, ...]]":
        """Return a connection that commits each statement."""
        address = self.environment["HEADWATER_POSTGRES_URL"].rpartition("/")[0]
        return psycopg.connect(f"{address}/{database}", autocommit=True)

    def sql(self, query: str, user: str = "headwater") -> list[tuple[Any, ...]]:
        """Run one query in Trino and return its rows."""
        import trino.dbapi

        host, _, port = self.url("trino").removeprefix("http://").partition(":")
        settings = {"user": user, "catalog": "lake", "legacy_prepared_statements": False}
        connect: Callable[..., Any] = trino.dbapi.connect
        with connect(host=host, port=int(port), **settings) as connection:
            return [tuple(row) for row in connection.cursor().execute(query).fetchall()]

    def make_site(self, site_id: str, **settings: Any) -> TestSite:
        """Create a site (see serving.control.sites.create_site) with an unlimited key of each kind.

        The edge reads keys every other second: where it runs, the keys work on return.
        """
        with self.postgres() as connection:
            sites.create_site(connection, site_id, **settings)
            made = [
                keys.create_key(connection, site_id, kind, requests_per_minute=_UNLIMITED)
                for kind in ("pub", "sec", "api")
            ]
        site = TestSite(site_id, *made)
        edge = self.status().components.get("edge")
        if edge is not None and edge.state is State.READY:
            self.wait_until("the edge knows the new keys", lambda: self._is_known(site.write_key))
        return site

    def _is_known(self, write_key: str) -> bool:
        address = f"{self.url('edge')}/s.js?k={write_key}"
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError:
            return False
