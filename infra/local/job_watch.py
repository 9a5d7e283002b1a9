"""Notice that Flink lost a job: a standalone JobManager that dies takes all its jobs along."""

import asyncio
import logging
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
    """Run the task `jobs` again whenever a job is missing while both Flink processes are well."""
    url = environment(home.path)["HEADWATER_FLINK_URL"] + "/jobs/overview"
    needed = [keepers[name].ready for name in ("jobs", "jobmanager", "taskmanager")]
    looks = 0
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        alive = alive_jobs(await asyncio.to_thread(read_json, url))
        is_missing = alive is not None and bool(job_names() - alive)
        looks = looks + 1 if is_missing and all(event.is_set() for event in needed) else 0
        if looks >= _LOOKS:
            looks = 0
            _LOG.info("jobs missing: %s", ", ".join(sorted(job_names() - (alive or set()))))
            keepers["jobs"].run_again()
