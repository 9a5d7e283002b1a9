"""The few questions that the launcher asks Flink's REST interface."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any, Final

from pipelines.flink_jobs.errors import FlinkUnavailable

_TIMEOUT_S: Final = 10
_ENDED: Final = ("FINISHED", "CANCELED", "FAILED")


@dataclass(frozen=True)
class FlinkJob:
    """One job as the JobManager lists it."""

    job_id: str
    name: str
    state: str

    @property
    def is_alive(self) -> bool:
        """True unless it ended for good; a job between two restarts is alive."""
        return self.state not in _ENDED


def jobs(url: str) -> list[FlinkJob]:
    """Return all jobs that the JobManager knows, ended ones too, or raise FlinkUnavailable."""
    listed = _ask(f"{url}/jobs/overview")["jobs"]
    return [FlinkJob(job["jid"], job["name"], job["state"]) for job in listed]


def completed_checkpoints(url: str, job_id: str) -> int:
    """Return how many checkpoints the job has completed since it was submitted."""
    return int(_ask(f"{url}/jobs/{job_id}/checkpoints")["counts"]["completed"])


def cancel(url: str, job_id: str) -> None:
    """Ask the JobManager to end the job; its newest checkpoint stays."""
    _ask(f"{url}/jobs/{job_id}?mode=cancel", method="PATCH")


def _ask(address: str, method: str = "GET") -> Any:
    request = urllib.request.Request(address, method=method)  # noqa: S310 - http from our config
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
            return json.loads(answer.read() or b"{}")
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        raise FlinkUnavailable(f"Flink at {address}: {error}. See `headwater status`.") from error
