"""The home that a bench measures as it runs: that of HEADWATER_HOME."""

import os
from pathlib import Path

from infra.local.home import Home
from infra.local.running import current_status
from tests.integration.stack import Stack
from tests.load.report import Unmeasurable


def running_home() -> Stack:
    """Return the home, or raise Unmeasurable if not everything in it runs."""
    home = Path(os.environ.get("HEADWATER_HOME", Path.home() / ".headwater"))
    status = current_status(Home(home))
    if status is None or not status.is_well:
        raise Unmeasurable(f"{home} is not up: start it with `headwater up`")
    return Stack.at(home)
