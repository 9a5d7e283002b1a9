"""Start the jobs that do not run: `python -m pipelines.flink_jobs.launch [JOB ...]`.

Runs at every start and whenever the JobManager came back or a job is gone. A job that runs is left
alone. Each other one is restored from its newest checkpoint that qualifies (restore.py), or starts
without state where its tables and topics say (where_to_start.py).
"""

import argparse
import fcntl
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipelines.flink_jobs import checkpoints, flink_rest, launches, versions
from pipelines.flink_jobs.config import Config, load_config
from pipelines.flink_jobs.errors import StreamError
from pipelines.flink_jobs.plan_launch import Planned, open_sources, plan
from pipelines.flink_jobs.runner import JOB_NAMES
from pipelines.flink_jobs.submission import PyFlink


def main() -> int:
    """Bring every job up; say what was done; exit code 1 with the reason if one cannot start."""
    options = _options()
    try:
        config = load_config()
        with only_one(config.home):
            done = launch(config, options.jobs or list(JOB_NAMES), options.accept_loss)
    except StreamError as error:
        sys.stderr.write(f"jobs: {error}\n")
        return 1
    sys.stdout.writelines(f"{line}\n" for line in done)
    return 0


def launch(config: Config, names: Sequence[str], accept_loss: bool = False) -> list[str]:
    """Start those of the jobs that do not run; return a line for each."""
    alive = {job.name: job for job in flink_rest.jobs(config.flink_url) if job.is_alive}
    lines = [f"{name}: runs as {alive[name].job_id}" for name in names if name in alive]
    missing = [name for name in names if name not in alive]
    if missing:
        with PyFlink(config) as pyflink, open_sources(config) as sources:
            planned = [plan(config, sources, name, accept_loss) for name in missing]
            start(config, pyflink, planned)
        lines += [line for each in planned for line in _told(each)]
    for name in names:
        if name in alive:
            _tidy(config, name, alive[name].job_id)
    return lines


def start(config: Config, pyflink: PyFlink, planned: Sequence[Planned]) -> None:
    """Start planned launches, which keep what they may have to go back to.

    The record of a launch is written before the job is handed over, under an id chosen before: a
    launcher that dies in between leaves no job without a record.
    """
    for each in planned:
        versions.keep(config.home, each.version)
        launches.add(config.home, each.job.name, each.launch)
    pyflink.start(planned)
    for each in planned:
        known = launches.read(config.home, each.job.name)
        checkpoints.remove(config.checkpoints, launches.superseded(known))


def _told(each: Planned) -> list[str]:
    return [f"{each.job.name}: {line}" for line in each.story]


def _tidy(config: Config, name: str, job_id: str) -> None:
    """Remove checkpoints of earlier launches once the running job has one of its own.

    A restored job's first checkpoint is whole (claim mode NO_CLAIM): it needs no older files.
    """
    known = [launch.job_id for launch in launches.read(config.home, name)]
    if job_id in known and flink_rest.completed_checkpoints(config.flink_url, job_id) > 1:
        checkpoints.remove(config.checkpoints, known[: known.index(job_id)])


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Wait until no other launcher works on this home: two would start a job twice."""
    launches.folder(home).mkdir(parents=True, exist_ok=True)
    with (launches.folder(home) / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="launch", description="Start the jobs that do not run.")
    parser.add_argument("jobs", nargs="*", choices=[[], *JOB_NAMES], help="all if none is named")
    parser.add_argument(
        "--accept-loss",
        action="store_true",
        help="start although a topic lost records that were never read; the gap is recorded",
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
