"""Keep one component: wait for what it needs, start it, watch it, start it again."""

import asyncio
import logging
import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from infra.local.component import Component, Kind, Launch
from infra.local.config import CHECKOUT, load_config
from infra.local.environment import environment
from infra.local.home import Home
from infra.local.logs import last_line
from infra.local.processes import end_group, started_at
from infra.local.status import ComponentStatus, State

_LOG: Final = logging.getLogger("headwater.supervisor")
_POLL_SECONDS: Final = 0.25
_HEALTH_SECONDS: Final = 5.0
# A program that answers no health check for one to three minutes hangs: it is started again.
_HEALTH_FAILURES: Final = 12
_BACKOFF_SECONDS: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_WELL_AFTER_SECONDS: Final = 60.0
_REST_SECONDS: Final = 2.0  # what is left of a group after its leader was ended


class Keeper:
    """The one who starts and restarts a component. `ready` is set while it is of use."""

    def __init__(
        self,
        component: Component,
        home: Home,
        status: ComponentStatus,
        readiness: Mapping[str, asyncio.Event],
        changed: Callable[[str], None],
    ) -> None:
        self.component, self.status = component, status
        self.ready = readiness[component.name]
        self._home, self._readiness, self._changed = home, readiness, changed
        self._process: asyncio.subprocess.Process | None = None
        self._failures = 0
        self._again = asyncio.Event()

    async def keep(self) -> None:
        """Run the component for ever; ends by cancellation only."""
        for need in self.component.needs:
            if need in self._readiness:
                await self._readiness[need].wait()
        while True:
            began = time.monotonic()
            try:
                await self._run_once(began)
            except Exception as error:  # a check or a first step failed in a way nobody foresaw
                _LOG.exception("%s", self.component.name)
                self._failed(str(error))
                await self._end_rest()
            if time.monotonic() - began > _WELL_AFTER_SECONDS:
                self._failures = min(self._failures, 1)
            if self.status.state is not State.DONE:
                await asyncio.sleep(backoff(self._failures))

    def run_again(self) -> None:
        """Ask a task that is done to run once more."""
        self._again.set()

    async def stop(self, keeping: asyncio.Task[None]) -> None:
        """End the component cleanly, by force after its time is over."""
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping
        if self._process is not None and self._process.returncode is None:
            self._set(State.STOPPING)
            with suppress(ProcessLookupError):
                self._process.send_signal(self.component.stop_signal)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), self.component.stop_seconds)
        await self._end_rest()
        self._set(State.STOPPED)

    async def _run_once(self, began: float) -> None:
        self._set(State.STARTING)
        self._again.clear()
        try:
            launch = await asyncio.to_thread(self.component.prepare)
            self._process = process = await self._start(launch)
        except Exception as error:  # settings that cannot be written, a program that is missing
            self._failed(str(error))
            return
        if self.component.kind is Kind.TASK:
            await self._finish_task(process, began)
        else:
            await self._watch_process(process, began)

    async def _start(self, launch: Launch) -> asyncio.subprocess.Process:
        """Start the command in a process group of its own; its pid is on disk at once."""
        settings = {**load_config().inherited, **environment(self._home.path), **launch.environment}
        with self._home.log(self.component.name).open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *launch.command,
                env={**settings, "PYTHONUNBUFFERED": "1"},
                cwd=launch.folder or CHECKOUT,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.status.pid, self.status.started_at = process.pid, started_at(process.pid)
        self._changed(self.component.name)
        return process

    async def _finish_task(self, process: asyncio.subprocess.Process, began: float) -> None:
        code = await process.wait()
        await self._end_rest()
        if code:
            self._failed(self._ending(code))
            return
        self._failures = 0
        self._set(State.DONE, seconds=time.monotonic() - began)
        self.ready.set()
        await self._again.wait()
        self.ready.clear()

    async def _watch_process(self, process: asyncio.subprocess.Process, began: float) -> None:
        ending = asyncio.create_task(process.wait())
        try:
            is_ready = await self._wait_until_ready(ending, began)
            while is_ready and not ending.done() and await self._is_answering(ending):
                pass
        finally:
            ending.cancel()
        self.ready.clear()
        if process.returncode is None:
            self._failed("gave no answer to its health check; killed")
        else:
            self._failed(self._ending(process.returncode))
        await self._end_rest()

    async def _wait_until_ready(self, ending: asyncio.Task[int], began: float) -> bool:
        while time.monotonic() - began < self.component.ready_seconds:
            if ending.done():
                return False
            if await asyncio.to_thread(self.component.is_ready):
                await asyncio.to_thread(self.component.after_ready)
                self._set(State.READY, seconds=time.monotonic() - began)
                self.ready.set()
                return True
            await asyncio.wait([ending], timeout=_POLL_SECONDS)
        return False

    async def _is_answering(self, ending: asyncio.Task[int]) -> bool:
        """Wait a while; False when the health check has failed too often in a row."""
        for _ in range(_HEALTH_FAILURES):
            await asyncio.wait([ending], timeout=_HEALTH_SECONDS)
            if ending.done() or await asyncio.to_thread(self.component.is_alive):
                return True
        return False

    async def _end_rest(self) -> None:
        """End what the process left in its group, and the process if it still runs."""
        await asyncio.to_thread(end_group, self.status.pid, self.status.started_at, _REST_SECONDS)
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)
            await self._process.wait()
        self.status.pid = self.status.started_at = None

    def _failed(self, why: str) -> None:
        self._failures += 1
        self.status.restarts += 1
        state = State.FAILED if self.component.kind is Kind.TASK else State.RESTARTING
        self._set(state, why)

    def _ending(self, code: int) -> str:
        """Say how a process ended; what it wrote last explains a code, not a signal."""
        if code < 0:
            return f"ended by {signal.Signals(-code).name}"
        said = last_line(self._home.log(self.component.name))
        return f"ended with exit code {code}" + (f": {said}" if said else "")

    def _set(self, state: State, message: str = "", seconds: float | None = None) -> None:
        self.status.state, self.status.message = state, message
        if seconds is not None:
            self.status.seconds = round(seconds, 1)
        self._changed(self.component.name)


def backoff(failures: int) -> float:
    """Return the seconds to wait after so many failures in a row; the first is forgiven soon."""
    return _BACKOFF_SECONDS[min(max(failures, 1), len(_BACKOFF_SECONDS)) - 1]
