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


@dataclass(frozen=True)
class Savepoint:
    """A savepoint that was taken, or why it was not."""

    path: str
    number: int
    failure: str = ""


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


def stop(url: str, job_id: str, folder: str) -> str:
    """Ask for a savepoint under the folder and the job's end with it; return the request's id.

    What the job has written until then is committed with it, and nothing after it.
    """
    asked = {"targetDirectory": folder, "drain": False}
    return str(_ask(f"{url}/jobs/{job_id}/stop", method="POST", body=asked)["request-id"])


def savepoint(url: str, job_id: str, request_id: str) -> Savepoint | None:
    """Return what became of a request for a savepoint, None while it is being taken."""
    answer = _ask(f"{url}/jobs/{job_id}/savepoints/{request_id}")
    if answer["status"]["id"] != "COMPLETED":
        return None
    done = answer["operation"]
    if "failure-cause" in done:
        return Savepoint("", 0, root_cause(done["failure-cause"].get("stack-trace", "")))
    taken = _ask(f"{url}/jobs/{job_id}/checkpoints")["latest"]["savepoint"]
    return Savepoint(done["location"], taken["id"])


def failures(url: str, job_id: str) -> list[str]:
    """Return why the job failed since it was started, as often as it did, oldest first."""
    told = _ask(f"{url}/jobs/{job_id}/exceptions")["exceptionHistory"]["entries"]
    return [entry["stacktrace"] for entry in reversed(told)]


def free_slots(url: str) -> int:
    """Return how many tasks more could run at once."""
    return int(_ask(f"{url}/overview")["slots-available"])


def root_cause(stack: str) -> str:
    """Return what a stack trace of Java's began with, in a line."""
    causes = [line.strip() for line in stack.splitlines() if line.startswith("Caused by: ")]
    first = (stack.strip().splitlines() or ["no reason given"])[0]
    return causes[-1].removeprefix("Caused by: ") if causes else first


def _ask(address: str, method: str = "GET", body: object = None) -> Any:
    content = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} if content else {}
    request = urllib.request.Request(  # noqa: S310 - http from our config
        address, content, headers, method=method
    )
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
            return json.loads(answer.read() or b"{}")
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        raise FlinkUnavailable(f"Flink at {address}: {error}. See `headwater status`.") from error
