"""Logs of a home: one file per component, appended by the component itself, capped by us.

A component writes to its file directly, so it goes on when the supervisor dies.
"""

import os
import shutil
from pathlib import Path
from typing import Final

from infra.local.home import Home
from infra.local.resources import RESOURCES

_MB: Final = 1024 * 1024
_TAIL_BYTES: Final = 4096


def cap_logs(home: Home) -> None:
    """Move logs above the cap aside (one older file is kept) and empty them in place.

    TRICKY: the component keeps its descriptor, opened for appending, so it goes on at the start
    of the emptied file. What it writes between copy and cut is lost: some lines of a log at most.
    """
    for log in (home.path / "logs").glob("*.log"):
        if log.stat().st_size > RESOURCES.logs.cap_mb * _MB:
            shutil.copyfile(log, log.with_suffix(".log.1"))
            os.truncate(log, 0)


def last_line(log: Path) -> str:
    """Return the last line that says something, without its surroundings; empty if none does."""
    lines = tail(log, 20)
    return lines[-1][:160] if lines else ""


def tail(log: Path, count: int) -> list[str]:
    """Return up to `count` last lines that are not empty."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _TAIL_BYTES * 8))
            text = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return []
    return [line.strip() for line in text.splitlines() if line.strip()][-count:]
