"""Hand planned launches to PyFlink's environment in one child process."""

import json
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
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
# What a JVM is told that plans a few jobs, or runs small ones, and ends.
_CLIENT_JVM: Final = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
# TRICKY: unless told so, PyFlink opens a port to every network, for Python functions on a local
# mini cluster. The jobs have none; and what serves them takes seconds to import.
_NO_PYTHON_WORKERS: Final = {"_python_worker_execution_mode": "process"}
_CLIENT: Final = {**_NO_PYTHON_WORKERS, "JVM_ARGS": _CLIENT_JVM}

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


class PyFlink:
    """PyFlink's environment as one child process, whose JVM is started once for all that is asked.

    It starts at once, so that it is ready when the caller knows what to ask.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._said = tempfile.TemporaryFile("w+")
        self._child = subprocess.Popen(
            [config.flink_python, "-m", "pipelines.flink_jobs.submit", "serve"],
            env={**config.environment, **_CLIENT},
            cwd=_CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
        )

    def __enter__(self) -> "PyFlink":
        return self

    def __exit__(self, *_: object) -> None:
        """End the child; nothing that it has started ends with it."""
        self._child.kill()
        # TRICKY: its JVM has the same stdout and ends a moment later; nobody waits for that.
        for pipe in (self._child.stdin, self._child.stdout, self._said):
            with suppress(BrokenPipeError):
                pipe.close()  # type: ignore[union-attr]
        self._child.wait()

    def start(self, planned: Sequence[Planned]) -> None:
        """Start the jobs; SubmissionFailed names those that Flink refused and its reason."""
        self._all_well("run", planned)

    def check(self, planned: Sequence[Planned]) -> None:
        """Have Flink plan the jobs and start none; SubmissionFailed says what is wrong."""
        self._all_well("plan", planned)

    def _all_well(self, mode: str, planned: Sequence[Planned]) -> None:
        refused = [f"{a['name']}: {a['error']}" for a in self._ask(mode, planned) if "error" in a]
        if refused:
            raise SubmissionFailed(f"Flink refused {'; '.join(refused)}")

    def _ask(self, mode: str, planned: Sequence[Planned]) -> list[dict[str, str]]:
        """Return the answer for each job.

        The file handed over holds the catalog's password: it is readable by its owner only and
        gone afterwards.
        """
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump([_content(self._config, each) for each in planned], file)
            file.flush()
            with _deadline(self._child):
                return self._exchange(f"{mode} {file.name}\n")

    def _exchange(self, question: str) -> list[dict[str, str]]:
        stdin, stdout = self._child.stdin, self._child.stdout
        assert stdin is not None and stdout is not None  # noqa: S101, PT018 - both are pipes
        with suppress(BrokenPipeError):
            stdin.write(question)
            stdin.flush()
        for line in stdout:
            if line.startswith("["):
                answers: list[dict[str, str]] = json.loads(line)
                return answers
        raise self._silence()

    def _silence(self) -> SubmissionFailed:
        self._said.seek(0)
        tail = " ".join(self._said.read().splitlines()[-3:])
        return SubmissionFailed(f"PyFlink gave no answer (exit {self._child.wait()}): {tail}")


@contextmanager
def _deadline(child: "subprocess.Popen[str]") -> Iterator[None]:
    """End a child that answers too late: whoever reads from it then reads to its end."""
    timer = threading.Timer(_TIMEOUT_S, child.kill)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def run_submit(
    python: str, environment: Mapping[str, str], mode: str, file: Path
) -> list[dict[str, str]]:
    """Run submit.py in PyFlink's environment and return its answers."""
    try:
        done = subprocess.run(
            [python, "-m", "pipelines.flink_jobs.submit", mode, str(file)],
            env={**environment, **_CLIENT},
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
