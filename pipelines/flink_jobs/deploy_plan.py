"""What deploying a job would do: which version runs, which is due, where it would start."""

from dataclasses import dataclass

from pipelines.flink_jobs import flink_rest, launches, stateless, versions
from pipelines.flink_jobs.compare_versions import Comparison, compare
from pipelines.flink_jobs.config import Config
from pipelines.flink_jobs.flink_rest import FlinkJob
from pipelines.flink_jobs.plan_launch import place_of
from pipelines.flink_jobs.restore import Launch
from pipelines.flink_jobs.runner import render
from pipelines.flink_jobs.starts import Start
from pipelines.flink_jobs.stateless import Sources, moment
from pipelines.flink_jobs.versions import Version


@dataclass(frozen=True)
class Deployment:
    """What deploying a job would do. `running` is None when it does not run, `before` when nobody
    knows what ran. `origin` says where the new version would start.
    """

    name: str
    running: FlinkJob | None
    before: Version | None
    after: Version
    comparison: Comparison
    is_state_kept: bool
    origin: str

    @property
    def is_needed(self) -> bool:
        """Whether something else would run afterwards."""
        before = self.before.version_id if self.before else None
        return self.running is None or before != self.after.version_id

    def lines(self) -> list[str]:
        """Return the plan for people."""
        if not self.is_needed:
            return [f"{self.name}: version {self.after.version_id} runs; nothing to do"]
        old = self.before.version_id if self.before else "an unknown version"
        head = f"{self.name}: {old} -> {self.after.version_id}"
        return [head, *(f"  {line}" for line in self._facts())]

    def _facts(self) -> list[str]:
        changes = list(self.comparison.changes)
        if self.before is None:
            changes = ["what ran is not on record: nothing to compare with or to fall back to"]
        runs = [] if self.running else ["it does not run: nothing to stop"]
        kept = "state: compatible" if self.is_state_kept else "state: not compatible"
        reasons = [f"  because {reason}" for reason in self.comparison.objections]
        return [*runs, *changes, kept, *reasons, f"start: {self.origin}"]


def look(config: Config, sources: Sources, name: str, accept_loss: bool = False) -> Deployment:
    """Plan a deployment; changes nothing. RecordsLost if a start by offsets would leave a gap."""
    after = versions.of_checkout(name, config.jobs)
    alive = [job for job in flink_rest.jobs(config.flink_url) if job.is_alive and job.name == name]
    running = alive[0] if alive else None
    launch = _launch_of(config, name, running)
    before = versions.read(config.home, name, launch.version) if launch else None
    comparison = compare(before, after) if before else Comparison(())
    topic_ids = sources.broker.topic_ids(after.job.reads)
    rendered = render(after.job, topic_ids, place_of(config, after.job), Start("").parameters())
    is_kept = launch is not None and launch.fingerprint == rendered.fingerprint
    if is_kept:
        origin = "a savepoint taken now" if running else "the newest checkpoint that qualifies"
    else:
        origin = _by_offsets(sources, after, accept_loss)
    return Deployment(name, running, before, after, comparison, is_kept, origin)


def _by_offsets(sources: Sources, version: Version, accept_loss: bool) -> str:
    found = stateless.outlook(sources, version.job, accept_loss)
    text = f"by offsets, records from {moment(found.start_ms)} on"
    if found.complete_after_ms > 0:
        text += f"; tells of what begins after {moment(found.complete_after_ms)}, as a new run"
    return text + "".join(f"; LOST: {line}" for line in found.lost)


def _launch_of(config: Config, name: str, running: FlinkJob | None) -> Launch | None:
    known = launches.read(config.home, name)
    if running:
        known = [launch for launch in known if launch.job_id == running.job_id]
    return known[-1] if known else None
