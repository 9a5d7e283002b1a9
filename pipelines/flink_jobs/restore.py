"""Which checkpoint a job may be restored from: pure decisions on plain data (design: when things
go wrong). Restoring one that is older than a table's newest commit looks healthy and doubles rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipelines.flink_jobs.starts import Start


@dataclass(frozen=True)
class Checkpoint:
    """A completed checkpoint or savepoint; `number` is Flink's, counted in `job_id` and heirs."""

    job_id: str
    number: int
    path: str
    completed_ms: int = 0


@dataclass(frozen=True)
class Commit:
    """What a table's newest snapshot made by Flink says of the job that made it."""

    job_id: str
    checkpoint: int


@dataclass(frozen=True)
class Launch:
    """One start of a job. `baseline` holds the tables' newest commits when it began without state.

    `start` is where the line of launches began that this one continues, `version` what was started
    (versions.py), `savepoint` what was taken when it was stopped on purpose.
    """

    job_id: str
    fingerprint: str
    start: Start
    restored: Checkpoint | None = None
    baseline: Mapping[str, Commit | None] = field(default_factory=dict)
    lost: tuple[str, ...] = ()
    version: str = ""
    savepoint: Checkpoint | None = None


@dataclass(frozen=True)
class Choice:
    """The checkpoint to restore, None for a start without state, and why others were refused."""

    checkpoint: Checkpoint | None
    refused: tuple[str, ...] = ()


def choose(
    checkpoints: Sequence[Checkpoint],
    launches: Sequence[Launch],
    commits: Mapping[str, Commit | None],
    fingerprint: str,
    not_before_ms: int = 0,
) -> Choice:
    """Return the newest checkpoint that qualifies.

    `launches` are in the order of their time; `commits` are the newest ones of every table the
    job writes, None for a table no job ever wrote. Checkpoints completed before `not_before_ms`
    are too old: the broker may have aborted the transaction they would commit, or what they
    remember would be forgotten at once.
    """
    order = {launch.job_id: number for number, launch in enumerate(launches)}
    refused: list[str] = []
    for checkpoint in sorted(
        checkpoints, key=lambda each: (order.get(each.job_id, -1), each.number), reverse=True
    ):
        reason = objection(checkpoint, launches, commits, fingerprint)
        if reason is None and checkpoint.completed_ms < not_before_ms:
            reason = "older than its open transaction or its state is kept"
        if reason is None:
            return Choice(checkpoint, tuple(refused))
        refused.append(f"checkpoint {checkpoint.number} of job {checkpoint.job_id}: {reason}")
    return Choice(None, tuple(refused))


def objection(
    checkpoint: Checkpoint,
    launches: Sequence[Launch],
    commits: Mapping[str, Commit | None],
    fingerprint: str,
) -> str | None:
    """Return why the checkpoint must not be restored, None if it may be."""
    line = ancestry(checkpoint.job_id, launches)
    if not line:
        return "no launch of that job is on record"
    if line[0].fingerprint != fingerprint:
        return "the job's SQL or a topic has changed since"
    allowed = _limits(checkpoint, line)
    for table, commit in commits.items():
        if commit is None or commit == line[-1].baseline.get(table):
            continue
        if commit.job_id not in allowed:
            return (
                f"table {table} was last written by job {commit.job_id}, which it knows nothing of"
            )
        if commit.checkpoint > allowed[commit.job_id]:
            return f"table {table} already holds checkpoint {commit.checkpoint} of {commit.job_id}"
    return None


def ancestry(job_id: str, launches: Sequence[Launch]) -> list[Launch]:
    """Return the launch of that job, the one it was restored from, and so on to a stateless one."""
    by_id = {launch.job_id: launch for launch in launches}
    line: list[Launch] = []
    current = by_id.get(job_id)
    while current is not None and current not in line:
        line.append(current)
        current = by_id.get(current.restored.job_id) if current.restored else None
    return line


def _limits(checkpoint: Checkpoint, line: Sequence[Launch]) -> dict[str, int]:
    """Return the newest checkpoint of each job of the line that the checkpoint's state includes."""
    inherited = {
        launch.restored.job_id: launch.restored.number for launch in line if launch.restored
    }
    return inherited | {checkpoint.job_id: checkpoint.number}
