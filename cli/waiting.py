"""Wait for something to become true, with a deadline, and say so meanwhile."""

import time
from collections.abc import Callable
from typing import TypeVar

from cli.errors import CliError

Found = TypeVar("Found")


def wait_for(
    look: Callable[[], Found | None],
    *,
    what: str,
    fix: str,
    timeout_seconds: float,
    pause_seconds: float = 0.3,
) -> tuple[Found, float]:
    """Look until there is something; return it and the seconds it took.

    Raises CliError naming what did not come when the time is up.
    """
    started = time.monotonic()
    while True:
        found = look()
        took = time.monotonic() - started
        if found is not None:
            return found, took
        if took > timeout_seconds:
            raise CliError(f"Waited {timeout_seconds:.0f} s for {what}.", fix=fix)
        time.sleep(pause_seconds)
