"""Keep a home running: start what is ready to start, watch it, restart it, stop it in order.

One supervisor holds the lock `run/lock` of its home for as long as it lives. It writes
`run/status.json` at every change. Each component has a keeper (keeper.py) of its own.
"""

import asyncio
import fcntl
import importlib.util
import logging
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TextIO

from infra.local.component import Component, stop_levels
from infra.local.home import Home
from infra.local.job_watch import watch_jobs
from infra.local.keeper import Keeper
from infra.local.logs import cap_logs
from infra.local.processes import end_group, started_at
from infra.local.status import ComponentStatus, State, Status, load_status

_LOG: Final = logging.getLogger("headwater.supervisor")
_LOG_CHECK_SECONDS: Final = 10.0


class AlreadyRunning(RuntimeError):
    """Another supervisor keeps this home."""


class Supervisor:
    """Runs the components given until it is told to stop."""

    def __init__(
        self,
        home: Home,
        components: list[Component],
        report: Callable[[str, ComponentStatus], None] = lambda name, status: None,
    ) -> None:
        self._home, self._report = home, report
        self._components = [c for c in components if _exists(c)]
        skipped = [c for c in components if not _exists(c)]
        statuses = {c.name: ComponentStatus(c.kind, url=c.url) for c in components}
        for component in skipped:
            statuses[component.name].state = State.SKIPPED
        self.status = Status(str(home.path), os.getpid(), started_at(os.getpid()), False, statuses)
        self._keepers: dict[str, Keeper] = {}
        self._stop_asked = asyncio.Event()

    async def run(self) -> None:
        """Start everything, keep it running until SIGINT, SIGTERM or `stop`, then end it."""
        lock = take_lock(self._home)
        try:
            await asyncio.to_thread(end_leftovers, self._home)
            await asyncio.to_thread(self._home.clear_tmp)
            self._make_keepers()
            self._listen()
            await self._keep_until_stopped()
        finally:
            lock.close()

    def stop(self) -> None:
        """Ask for a clean end; `run` returns when it is done."""
        self._stop_asked.set()

    def _make_keepers(self) -> None:
        ready = {name: asyncio.Event() for name in self.status.components}
        for name, status in self.status.components.items():
            if status.state is State.SKIPPED:
                ready[name].set()
        for component in self._components:
            self._keepers[component.name] = Keeper(
                component, self._home, self.status.components[component.name], ready, self._changed
            )
        self.status.save(self._home)

    def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with suppress(NotImplementedError, RuntimeError):  # not in the main thread
                loop.add_signal_handler(number, self.stop)

    def _changed(self, name: str) -> None:
        status = self.status.components[name]
        self.status.save(self._home)
        self._report(name, status)
        _LOG.info("%s %s %s", name, status.state, status.message)

    async def _keep_until_stopped(self) -> None:
        watchers = [asyncio.create_task(self._cap_logs())]
        if "jobs" in self._keepers:
            watchers.append(asyncio.create_task(watch_jobs(self._home, self._keepers)))
        keeping = {name: asyncio.create_task(k.keep()) for name, k in self._keepers.items()}
        await self._stop_asked.wait()
        for watcher in watchers:
            watcher.cancel()
        await self._stop_all(keeping)

    async def _stop_all(self, keeping: dict[str, asyncio.Task[None]]) -> None:
        """End everything, those first that nobody needs."""
        self.status.is_stopping = True
        for level in stop_levels(self._components):
            await asyncio.gather(*(self._stop_one(c.name, keeping[c.name]) for c in level))
        self.status.pid, self.status.started_at = None, None
        self.status.save(self._home)

    async def _stop_one(self, name: str, keeping: asyncio.Task[None]) -> None:
        await self._keepers[name].stop(keeping)

    async def _cap_logs(self) -> None:
        while True:
            await asyncio.to_thread(cap_logs, self._home)
            await asyncio.sleep(_LOG_CHECK_SECONDS)


def take_lock(home: Home) -> TextIO:
    """Take the lock of a home until the file is closed; raises AlreadyRunning."""
    home.create()
    lock = (home.run / "lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise AlreadyRunning(f"{home.path} is already up") from error
    return lock


def is_locked(home: Home) -> bool:
    """Whether a supervisor keeps this home now."""
    if not home.run.exists():
        return False
    try:
        take_lock(home).close()
    except AlreadyRunning:
        return True
    return False


def end_leftovers(home: Home) -> int:
    """End what a killed supervisor left running in this home; return how many processes."""
    status = load_status(home)
    if status is None:
        return 0
    parts = reversed(status.components.values())
    return sum(end_group(part.pid, part.started_at) for part in parts)


def _exists(component: Component) -> bool:
    """Whether the checkout has the component's program."""
    if not component.module:
        return True
    try:
        return importlib.util.find_spec(component.module) is not None
    except ModuleNotFoundError:
        return False
