"""Notice that Flink lost a job: a standalone JobManager that dies takes all its jobs along."""

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Final

from infra.local.config import CHECKOUT
from infra.local.environment import environment
from infra.local.home import Home
from infra.local.keeper import Keeper
from infra.local.probes import read_json

_LOG: Final = logging.getLogger("headwater.supervisor")
_LOOK_SECONDS: Final = 3.0
# Twice in a row: a job that is being restarted on purpose is away for a moment.
_LOOKS: Final = 2
# Whoever starts jobs removes checkpoints that nobody needs any more, also when all of them run.
_TIDY_SECONDS: Final = 3600.0
_ALIVE: Final = frozenset(
    {"INITIALIZING", "CREATED", "RUNNING", "FAILING", "RESTARTING", "RECONCILING", "SUSPENDED"}
)


def job_names() -> set[str]:
    """Return the jobs of this checkout: a job's name is its folder."""
    folder = CHECKOUT / "pipelines" / "flink_jobs"
    return {file.parent.name for file in folder.glob("*/job.toml")}


def alive_jobs(overview: object) -> set[str] | None:
    """Return the names of jobs that run or will by themselves; None if Flink gave no answer."""
    if not isinstance(overview, dict):
        return None
    return {job["name"] for job in overview["jobs"] if job["state"] in _ALIVE}


async def watch_jobs(home: Home, keepers: Mapping[str, Keeper]) -> None:
    """Run the task `jobs` again whenever a job is missing while both Flink processes are well.

    Once an hour all the same: what an older job remembered of people goes with its checkpoints.
    """
    url = environment(home.path)["HEADWATER_FLINK_URL"] + "/jobs/overview"
    needed = [keepers[name].ready for name in ("jobs", "jobmanager", "taskmanager")]
    looks, tidied_at = 0, time.monotonic()
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        alive = alive_jobs(await asyncio.to_thread(read_json, url))
        is_missing = alive is not None and bool(job_names() - alive)
        is_well = all(event.is_set() for event in needed)
        looks = looks + 1 if is_missing and is_well else 0
        is_due = is_well and time.monotonic() - tidied_at >= _TIDY_SECONDS
        if looks >= _LOOKS:
            _LOG.info("jobs missing: %s", ", ".join(sorted(job_names() - (alive or set()))))
        if looks >= _LOOKS or is_due:
            looks, tidied_at = 0, time.monotonic()
            keepers["jobs"].run_again()
