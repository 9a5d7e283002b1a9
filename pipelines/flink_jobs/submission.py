"""Hand planned launches to PyFlink's environment in one child process."""

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pipelines.flink_jobs.config import Config
from pipelines.flink_jobs.errors import SubmissionFailed
from pipelines.flink_jobs.plan_launch import Planned
from pipelines.flink_jobs.restore import Launch
from pipelines.flink_jobs.runner import Job

# Generous: PyFlink takes 15 s to plan two jobs on an idle machine, minutes on a crowded one.
_TIMEOUT_S: Final = 600
_CHECKOUT: Final = Path(__file__).parents[2]
# TRICKY: unless told so, PyFlink opens a port to every network, for Python functions on a local
# mini cluster. The jobs have none; and what serves them takes seconds to import.
_NO_PYTHON_WORKERS: Final = {"_python_worker_execution_mode": "process"}

# What every job runs with, whatever its folder says.
_SHARED: Final = {
    "execution.target": "remote",
    "execution.attached": "false",
    "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
    "execution.checkpointing.incremental": "true",
    "execution.checkpointing.timeout": "10 min",
    "execution.checkpointing.tolerable-failed-checkpoints": "20",
    "execution.state-recovery.claim-mode": "NO_CLAIM",
    "restart-strategy.type": "exponential-delay",
    "restart-strategy.exponential-delay.initial-backoff": "1 s",
    "restart-strategy.exponential-delay.max-backoff": "30 s",
    "restart-strategy.exponential-delay.attempts-before-reset-backoff": "2147483647",
    "table.local-time-zone": "UTC",
    # The v2 sink can stop committing without a word after a start without state (iceberg#18098).
    "table.exec.iceberg.use-v2-sink": "false",
}


def settings(config: Config, job: Job, own: Mapping[str, str], launch: Launch) -> dict[str, str]:
    """Return Flink's configuration of one launch; `own` are the settings of the rendered job."""
    restored, flink = launch.restored, urlsplit(config.flink_url)
    return (
        _SHARED
        | dict(own)
        | {
            "pipeline.name": job.name,
            "$internal.pipeline.job-id": launch.job_id,
            "rest.address": flink.hostname or "",
            "rest.port": str(flink.port),
            "parallelism.default": str(job.parallelism),
            "state.backend.type": job.state,
            "execution.checkpointing.interval": f"{job.checkpoint_seconds[config.profile]} s",
            "execution.checkpointing.dir": config.checkpoints,
        }
        | ({"execution.state-recovery.path": restored.path} if restored else {})
    )


def submit(config: Config, planned: Sequence[Planned]) -> None:
    """Start the jobs; SubmissionFailed names those that Flink refused and its reason.

    The file handed over holds the catalog's password: it is readable by its owner only and gone
    afterwards.
    """
    content = [_content(config, each) for each in planned]
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(content, file)
        file.flush()
        answers = run_submit(config.flink_python, config.environment, "run", Path(file.name))
    refused = [f"{each['name']}: {each['error']}" for each in answers if "error" in each]
    if refused:
        raise SubmissionFailed(f"Flink refused {'; '.join(refused)}")


def run_submit(
    python: str, environment: Mapping[str, str], mode: str, file: Path
) -> list[dict[str, str]]:
    """Run submit.py in PyFlink's environment and return its answers."""
    try:
        done = subprocess.run(
            [python, "-m", "pipelines.flink_jobs.submit", mode, str(file)],
            env={**environment, **_NO_PYTHON_WORKERS},
            cwd=_CHECKOUT,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SubmissionFailed(f"PyFlink gave no answer within {_TIMEOUT_S} s.") from error
    try:
        answers: list[dict[str, str]] = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError) as error:
        tail = " ".join(done.stderr.splitlines()[-3:])
        raise SubmissionFailed(
            f"PyFlink gave no answer (exit {done.returncode}): {tail}"
        ) from error
    return answers


def _content(config: Config, planned: Planned) -> dict[str, object]:
    rendered = planned.rendered
    return {
        "name": planned.job.name,
        "settings": settings(config, planned.job, rendered.settings, planned.launch),
        "statements": list(rendered.statements),
    }
