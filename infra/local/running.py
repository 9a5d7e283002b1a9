"""What `up`, `down` and `status` do: a supervisor here, in the background, or ended."""

import asyncio
import logging
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import psutil

from infra.local.component import Component, closure
from infra.local.config import CHECKOUT, load_config
from infra.local.home import Home
from infra.local.places import PYTHON
from infra.local.processes import is_running
from infra.local.programs import components
from infra.local.status import WELL, ComponentStatus, State, Status, load_status
from infra.local.supervisor import AlreadyRunning, Supervisor, end_leftovers, is_locked, take_lock

Say = Callable[[str], None]
_POLL_SECONDS: Final = 0.5
_STOP_SECONDS: Final = 120.0
_ALIASES: Final = {"flink": ["jobmanager", "taskmanager"]}


class UnknownComponent(ValueError):
    """A name given to --only is none of the components."""


class NotReady(RuntimeError):
    """Something did not become ready in the time given."""


def chosen(home: Home, names: list[str]) -> list[Component]:
    """Return the components named, with all they need; all of them if none is named."""
    everything = components(home)
    if not names:
        return everything
    plain = [part for name in names for part in _ALIASES.get(name, [name])]
    known = {component.name for component in everything}
    for name in plain:
        if name not in known:
            raise UnknownComponent(f"no component {name!r}; there are {', '.join(sorted(known))}")
    return closure(everything, plain)


def run_here(path: Path, names: list[str], say: Say) -> None:
    """Supervise in this process until Ctrl-C."""
    home = Home(path)
    report_line, began = _reporter(say), time.monotonic()
    has_said: list[bool] = []

    def report(name: str, part: ComponentStatus) -> None:
        report_line(name, part)
        if supervisor.status.is_well and not has_said:
            has_said.append(True)
            took = time.monotonic() - began
            say(f"all ready in {took:.0f} s; next: headwater demo, headwater status")

    supervisor = Supervisor(home, chosen(home, names), report)
    say(f"starting {path}; Ctrl-C stops everything")
    try:
        asyncio.run(supervisor.run())
    except AlreadyRunning:
        say(f"{path} is already up; headwater down stops it")


def start_detached(path: Path, names: list[str], wait_seconds: float, say: Say) -> None:
    """Supervise in the background; with `wait_seconds`, return when everything is well."""
    home = Home(path)
    wanted = [component.name for component in chosen(home, names)]
    if is_locked(home):
        say(f"{path} is already up")
    else:
        _spawn(home, names)
    if wait_seconds:
        _wait_until_well(home, wanted, wait_seconds, say)


def stop(path: Path) -> bool:
    """End the supervisor and all it keeps; without one, end what it left. True if any ran."""
    home = Home(path)
    status = load_status(home)
    if status is None:
        return False
    if not is_locked(home):
        return _end_orphans(home, status)
    if status.pid is not None and is_running(status.pid, status.started_at):
        psutil.Process(status.pid).terminate()
    deadline = time.monotonic() + _STOP_SECONDS
    while is_locked(home):
        if time.monotonic() > deadline:
            raise NotReady(f"{path} did not stop in {_STOP_SECONDS:.0f} s")
        time.sleep(_POLL_SECONDS)
    return True


def current_status(home: Home) -> Status | None:
    """Return the status as it is now: without a supervisor nothing is ready."""
    status = load_status(home)
    if status is not None and not is_running(status.pid, status.started_at):
        _mark_stopped(status)
    return status


def _mark_stopped(status: Status) -> None:
    status.pid = status.started_at = None
    for part in status.components.values():
        if part.state is not State.SKIPPED:
            part.state, part.pid, part.started_at = State.STOPPED, None, None


def _end_orphans(home: Home, status: Status) -> bool:
    with take_lock(home):
        ended = end_leftovers(home)
        _mark_stopped(status)
        status.save(home)
    return ended > 0


def _spawn(home: Home, names: list[str]) -> None:
    home.create()
    command = [str(PYTHON), "-m", "infra.local.running", str(home.path), ",".join(names)]
    config = load_config()
    # What whoever starts the home has chosen is read again by the supervisor, for its programs.
    chosen = {**config.edge_settings, "HEADWATER_CACHE": str(config.cache)}
    settings = {**config.inherited, **chosen}
    with home.log("supervisor").open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=CHECKOUT,
            env=settings | {"HEADWATER_CLOCK": config.clock},
            start_new_session=True,
        )
    while not is_locked(home):
        if process.poll() is not None:
            raise NotReady(f"the supervisor ended at once; see {home.log('supervisor')}")
        time.sleep(_POLL_SECONDS)


def _wait_until_well(home: Home, wanted: list[str], seconds: float, say: Say) -> None:
    deadline = time.monotonic() + seconds
    report = _reporter(say)
    seen: dict[str, tuple[State, str]] = {}
    while True:
        status = current_status(home)
        parts = status.components if status and status.pid else {}
        for name, part in parts.items():
            if seen.get(name) != (part.state, part.message):
                seen[name] = (part.state, part.message)
                report(name, part)
        left = [name for name in wanted if name not in parts or parts[name].state not in WELL]
        if not left:
            return
        if time.monotonic() > deadline or not is_locked(home):
            raise NotReady(f"not ready after {seconds:.0f} s: {', '.join(left)}")
        time.sleep(_POLL_SECONDS)


def _reporter(say: Say) -> Callable[[str, ComponentStatus], None]:
    """Return a function that writes a line for each change worth knowing."""

    def report(name: str, part: ComponentStatus) -> None:
        if part.state in (State.STARTING, State.WAITING):
            return
        took = f" in {part.seconds:.1f} s" if part.seconds and part.state in WELL else ""
        detail = part.message or (part.url if part.state in WELL else "")
        say(f"  {name:15} {part.state}{took}  {detail}".rstrip())

    return report


def main(words: list[str]) -> None:
    """Supervise a home in the background: `python -m infra.local.running HOME NAMES`."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    home = Home(Path(words[0]))
    names = [name for name in words[1].split(",") if name]

    async def supervise() -> None:
        await Supervisor(home, chosen(home, names)).run()

    asyncio.run(supervise())


if __name__ == "__main__":
    main(sys.argv[1:])
