"""Bring a job from the version that runs to the checkout's, and back if that does not get well.

The old one is stopped with a savepoint, so that all it wrote is committed and nothing more comes.
The new one goes on from there if its state still fits, or by offsets. A version that completes no
checkpoint, or fails, is taken back: the old SQL starts again. From the savepoint only if the new
one cannot have committed anything; otherwise by offsets (docs/decisions/0029).
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeVar

from pipelines.flink_jobs import flink_rest, launches, versions
from pipelines.flink_jobs.config import Config
from pipelines.flink_jobs.deploy_plan import Deployment
from pipelines.flink_jobs.errors import (
    FlinkUnavailable,
    NotDeployed,
    StreamError,
    SubmissionFailed,
)
from pipelines.flink_jobs.flink_rest import FlinkJob
from pipelines.flink_jobs.launch import start
from pipelines.flink_jobs.plan_launch import Planned, place_of, plan
from pipelines.flink_jobs.restore import Checkpoint, Launch
from pipelines.flink_jobs.runner import render
from pipelines.flink_jobs.starts import Start
from pipelines.flink_jobs.stateless import Sources
from pipelines.flink_jobs.submission import PyFlink
from pipelines.flink_jobs.versions import Version

Say = Callable[[str], None]
Found = TypeVar("Found")
_STOP_SECONDS: Final = 180
_PAUSE_SECONDS: Final = 0.5
# Of the machine, not of the job: a TaskManager that gets no processor for long is given up.
_OF_THE_MACHINE: Final = ("Heartbeat of TaskManager", "NoResourceAvailableException")


@dataclass(frozen=True)
class Deployer:
    """What all steps of a deployment share."""

    config: Config
    sources: Sources
    pyflink: PyFlink
    say: Say
    patience_seconds: float
    accept_loss: bool = False

    def check(self, wanted: Sequence[Deployment]) -> None:
        """Have Flink plan the new versions, and see that there is room, while the old ones run."""
        for one in wanted:
            self._check_room(one)
        self.pyflink.check([self._draft(one.after) for one in wanted])

    def deploy(self, one: Deployment) -> str:
        """Carry it out; return the new job's id, or raise NotDeployed saying what runs instead."""
        taken = self._stop(one.running, one.name) if one.running else None
        planned = self._plan(one.after)
        self._tell(one.name, planned)
        fault = self._try(planned)
        if fault is not None:
            raise NotDeployed(self._go_back(one, planned, taken, fault))
        versions.forgive(self.config.home, one.name, one.after.version_id)
        return planned.launch.job_id

    def _check_room(self, one: Deployment) -> None:
        freed = one.before.job.parallelism if one.before and one.running else 0
        room = flink_rest.free_slots(self.config.flink_url) + freed
        if one.after.job.parallelism > room:
            raise NotDeployed(
                f"{one.name} asks for {one.after.job.parallelism} slots and {room} are free. "
                "Lower `parallelism` in its job.toml, or give Flink more slots."
            )

    def _draft(self, version: Version) -> Planned:
        """Return a launch that nobody makes: enough for Flink to plan it."""
        config, job = self.config, version.job
        ids = self.sources.broker.topic_ids(job.reads)
        rendered = render(job, ids, place_of(config, job), Start("draft").parameters())
        return Planned(version, rendered, Launch("0" * 32, "", Start("draft")), ())

    def _plan(self, version: Version, candidates: Sequence[Checkpoint] | None = None) -> Planned:
        name = version.job.name
        return plan(self.config, self.sources, name, self.accept_loss, version, candidates)

    def _tell(self, name: str, planned: Planned) -> None:
        for line in planned.story:
            self.say(f"{name}: {line}")

    def _stop(self, running: FlinkJob, name: str) -> Checkpoint | None:
        """Stop with a savepoint; without one if Flink cannot take it, as of a job that fails."""
        url, job_id = self.config.flink_url, running.job_id
        self.say(f"{name}: taking a savepoint of {job_id} and stopping it")
        taken = self._savepoint(running)
        if isinstance(taken, str):
            self.say(f"{name}: no savepoint ({taken}); stopping it without")
            flink_rest.cancel(url, job_id)
        self._wait("the old job to end", lambda: _has_ended(url, job_id) or None)
        if isinstance(taken, str):
            return None
        launches.keep_savepoint(self.config.home, name, taken)
        self.say(f"{name}: stopped, savepoint {taken.number}")
        return taken

    def _savepoint(self, running: FlinkJob) -> Checkpoint | str:
        url, job_id = self.config.flink_url, running.job_id
        if running.state != "RUNNING":
            return f"the job is {running.state}"
        try:
            asked = flink_rest.stop(url, job_id, f"{self.config.checkpoints}/{job_id}")
            found = self._wait("a savepoint", lambda: flink_rest.savepoint(url, job_id, asked))
        except StreamError as error:
            return str(error)
        if found.failure:
            return found.failure
        return Checkpoint(job_id, found.number, found.path, int(time.time() * 1000))

    def _try(self, planned: Planned) -> str | None:
        """Start a launch and watch it until it is well; return why it is not."""
        try:
            start(self.config, self.pyflink, [planned])
        except SubmissionFailed as error:
            return str(error)
        self.say(
            f"{planned.job.name}: started as {planned.launch.job_id}; waiting for a checkpoint"
        )
        return self._watch(planned.launch.job_id)

    def _watch(self, job_id: str) -> str | None:
        url = self.config.flink_url
        deadline = time.monotonic() + self.patience_seconds
        while time.monotonic() < deadline:
            with suppress(FlinkUnavailable):  # a moment's silence says nothing of the job
                why = [
                    each for each in flink_rest.failures(url, job_id) if not _is_of_machine(each)
                ]
                if why:
                    return flink_rest.root_cause(why[0])
                if _has_ended(url, job_id):
                    return "it ended"
                if flink_rest.completed_checkpoints(url, job_id):
                    return None
            time.sleep(_PAUSE_SECONDS)
        return f"no checkpoint within {self.patience_seconds:.0f} s"

    def _go_back(
        self, one: Deployment, tried: Planned, taken: Checkpoint | None, fault: str
    ) -> str:
        """Start the old SQL again; return what happened. The version tried is not tried again."""
        name, told = one.name, f"{one.name}: version {one.after.version_id} is not well: {fault}"
        self.say(told)
        if one.before is None or one.before.version_id == one.after.version_id:
            return f"{told}. There is no other version on record to go back to."
        versions.refuse(self.config.home, name, one.after.version_id)
        may_have_committed = self._end(tried.launch.job_id)
        planned = self._plan(one.before, [] if may_have_committed or taken is None else [taken])
        self._tell(name, planned)
        again = self._try(planned)
        if again is not None:
            return f"{told}. Version {one.before.version_id} before it is not well either: {again}."
        how = "from its savepoint" if planned.launch.restored else "by offsets"
        return f"{told}. Version {one.before.version_id} runs again, {how}."

    def _end(self, job_id: str) -> bool:
        """End the job if it is there; return whether it may have committed anything."""
        url = self.config.flink_url
        if job_id not in {job.job_id for job in flink_rest.jobs(url)}:
            return False
        if not _has_ended(url, job_id):
            flink_rest.cancel(url, job_id)
            self._wait("the new job to end", lambda: _has_ended(url, job_id) or None)
        return flink_rest.completed_checkpoints(url, job_id) > 0

    def _wait(self, what: str, look_again: Callable[[], Found | None]) -> Found:
        deadline = time.monotonic() + _STOP_SECONDS
        while (found := look_again()) is None:
            if time.monotonic() > deadline:
                raise NotDeployed(f"Waited {_STOP_SECONDS} s for {what}; see Flink's page.")
            time.sleep(_PAUSE_SECONDS)
        return found


def _has_ended(url: str, job_id: str) -> bool:
    return all(job.job_id != job_id or not job.is_alive for job in flink_rest.jobs(url))


def _is_of_machine(stack: str) -> bool:
    return any(words in stack for words in _OF_THE_MACHINE)
