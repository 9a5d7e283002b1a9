"""Processes by pid and start time: a pid alone may belong to somebody else by now."""

import contextlib
import os
import signal
import time
from collections.abc import Iterable

import psutil

_TOLERANCE_SECONDS = 2.0
_POLL_SECONDS = 0.05


def started_at(pid: int) -> float | None:
    """Return when a process began (epoch seconds), None if it is gone."""
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return None


def is_running(pid: int | None, began: float | None) -> bool:
    """Whether that very process still runs (a zombie does not)."""
    if pid is None or began is None:
        return False
    try:
        process = psutil.Process(pid)
        is_same = abs(process.create_time() - began) < _TOLERANCE_SECONDS
        return is_same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def group_members(leader: int, began: float) -> list[psutil.Process]:
    """Return what belongs to the process group a component was started in, or descends from it.

    TRICKY: the leader may be dead and its number in use again; members count only if they are
    not older than the component. Descendants count too: a backend of Postgres leads a group of
    its own, and one that hangs would keep a new Postgres from starting.
    """
    members = _descendants(leader)
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            is_member = os.getpgid(process.pid) == leader and process not in members
            if is_member and process.create_time() >= began - _TOLERANCE_SECONDS:
                members.append(process)
    return members


def _descendants(leader: int) -> list[psutil.Process]:
    try:
        return psutil.Process(leader).children(recursive=True)
    except psutil.Error:
        return []


def end_group(leader: int | None, began: float | None, grace_seconds: float = 10.0) -> int:
    """End what is left of a component started earlier; return how many processes there were."""
    if leader is None or began is None:
        return 0
    actual = started_at(leader)
    if actual is not None and abs(actual - began) > _TOLERANCE_SECONDS:
        return 0  # the number belongs to a stranger, who leads a group of its own
    members = group_members(leader, began)
    send(members, signal.SIGTERM)
    stubborn = _still_there(members, grace_seconds)
    send(stubborn, signal.SIGKILL)
    _still_there(stubborn, grace_seconds)
    return len(members)


def _still_there(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait for processes to end; return those that did not. A zombie has ended."""
    deadline = time.monotonic() + seconds
    left = processes
    while left := [process for process in left if _is_alive(process)]:
        if time.monotonic() > deadline:
            return left
        time.sleep(_POLL_SECONDS)
    return []


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def send(processes: Iterable[psutil.Process], signal_number: int) -> None:
    """Send a signal to those that still run."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(signal_number)
