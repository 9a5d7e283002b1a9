"""Plan one launch: read what Kafka, the lake and the disk say, and let the pure rules decide."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pyiceberg.catalog import load_catalog

from pipelines.catalog import CATALOG_NAME
from pipelines.flink_jobs import checkpoints, lake_state, launches, stateless, versions
from pipelines.flink_jobs.config import Config
from pipelines.flink_jobs.kafka_state import Broker
from pipelines.flink_jobs.restore import Checkpoint, Launch, ancestry, choose
from pipelines.flink_jobs.runner import STATE_TTL, Job, Rendered, literal, render
from pipelines.flink_jobs.starts import Start
from pipelines.flink_jobs.stateless import Sources, moment
from pipelines.flink_jobs.versions import Version

_HOUR_MS: Final = 3_600_000
# What a folder of jobs may say of how long state is kept.
_UNITS_MS: Final = {"h": _HOUR_MS, "min": 60_000, "s": 1_000}
# An hour less than `transaction.timeout.ms` of the sink and the broker's limit for it.
_TRANSACTION_KEPT_MS: Final = 23 * _HOUR_MS


@dataclass(frozen=True)
class Planned:
    """One launch, decided. `story` says what was decided and why, for people."""

    version: Version
    rendered: Rendered
    launch: Launch
    story: tuple[str, ...]

    @property
    def job(self) -> Job:
        """Return the job that is started."""
        return self.version.job


@contextmanager
def open_sources(config: Config) -> Iterator[Sources]:
    """Open Kafka and the catalog, and close both."""
    with (
        closing(Broker(config.kafka.bootstrap)) as broker,
        load_catalog(CATALOG_NAME, **config.catalog.pyiceberg_properties()) as iceberg,
    ):
        yield Sources(broker, iceberg)


def version_to_start(config: Config, name: str) -> tuple[Version, tuple[str, ...]]:
    """Return the checkout's version, or the one before it if that was tried and taken back."""
    wanted = versions.of_checkout(name, config.jobs)
    refused = versions.refused(config.home, name)
    if wanted.version_id not in refused:
        return wanted, ()
    for launch in reversed(launches.read(config.home, name)):
        older = versions.read(config.home, name, launch.version)
        if older and launch.version not in refused:
            return older, (
                f"version {wanted.version_id} of the checkout was taken back; started "
                f"{older.version_id}. `headwater jobs deploy {name}` tries again",
            )
    return wanted, ()


def plan(
    config: Config,
    sources: Sources,
    name: str,
    accept_loss: bool = False,
    version: Version | None = None,
    candidates: Sequence[Checkpoint] | None = None,
) -> Planned:
    """Decide how the job starts; RecordsLost if a start would silently leave a gap.

    Without `version` it is the one that is due; `candidates` are all that may be restored instead
    of what lies on disk.
    """
    told: tuple[str, ...] = ()
    if version is None:
        version, told = version_to_start(config, name)
    job = version.job
    topic_ids = sources.broker.topic_ids(job.reads)
    place = place_of(config, job)
    still = render(job, topic_ids, place, Start("").parameters())
    known = launches.read(config.home, name)
    commits = lake_state.newest_commits(sources.iceberg, job.writes)
    found = _on_disk(config, known) if candidates is None else candidates
    choice = choose(found, known, commits, still.fingerprint, _oldest_ms(job, datetime.now(UTC)))
    story = [*told, *(f"not restored: {reason}" for reason in choice.refused)]
    restored, baseline = choice.checkpoint, commits
    lost: tuple[str, ...] = ()
    if restored:
        start, baseline = ancestry(restored.job_id, known)[0].start, {}
        story.append(f"restored from checkpoint {restored.number}")
    else:
        start, lost = stateless.settle(sources, job, topic_ids, accept_loss)
        story += [f"LOST, accepted: {line}" for line in lost]
        story.append(f"started without state, run {start.run_id}, from {moment(start.start_ms)}")
    launch = Launch(
        secrets.token_hex(16),
        still.fingerprint,
        start,
        restored,
        baseline,
        lost,
        version.version_id,
    )
    rendered = render(job, topic_ids, place, start.parameters())
    return Planned(version, rendered, launch, tuple(story))


def _on_disk(config: Config, known: Sequence[Launch]) -> list[Checkpoint]:
    """Return the checkpoints and savepoints of the launches on record that are still there."""
    found = checkpoints.find(config.checkpoints, [launch.job_id for launch in known])
    taken = [launch.savepoint for launch in known if launch.savepoint]
    return found + [savepoint for savepoint in taken if checkpoints.is_there(savepoint)]


def _oldest_ms(job: Job, now: datetime) -> int:
    """Return how old a checkpoint may be: one with a transaction must find it still open.

    TRICKY: after its time the broker aborts a prepared transaction; a restore would miss its
    records without failing, and one whose id was forgotten would fail for ever. And what a state
    may keep for some time is forgotten at a restore after that time, by the clock of the machine,
    not of the events: a session that goes on would begin anew.
    """
    limits = [_TRANSACTION_KEPT_MS] if job.produces else []
    kept = job.settings.get(STATE_TTL)
    if kept and job.start == "restart_reread":
        number, _, unit = kept.partition(" ")
        limits.append(int(number) * _UNITS_MS[unit] // 2)
    return int(now.timestamp() * 1000) - min(limits) if limits else 0


def place_of(config: Config, job: Job) -> dict[str, str]:
    """Return the parameters that say where a job runs: addresses and names at the broker."""
    options = config.catalog.flink_options().items()
    return {
        "kafka_bootstrap": config.kafka.bootstrap,
        "catalog_options": ", ".join(f"{literal(key)} = {literal(text)}" for key, text in options),
        "transaction_prefix": job.name,
    }
