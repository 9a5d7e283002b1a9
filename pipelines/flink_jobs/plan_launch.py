"""Plan one launch: read what Kafka, the lake and the disk say, and let the pure rules decide."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pyiceberg.catalog import Catalog as Iceberg
from pyiceberg.catalog import load_catalog

from pipelines.catalog import CATALOG_NAME
from pipelines.flink_jobs import checkpoints, lake_state, launches
from pipelines.flink_jobs.config import Config
from pipelines.flink_jobs.errors import RecordsLost
from pipelines.flink_jobs.kafka_state import Broker
from pipelines.flink_jobs.restore import Launch, ancestry, choose
from pipelines.flink_jobs.runner import Job, Rendered, literal, load_job, render, rule_text
from pipelines.flink_jobs.starts import Marks, Start
from pipelines.flink_jobs.where_to_start import duplicate_window_start, losses
from schemas.load import RULES

_HOUR_MS: Final = 3_600_000
_MINUTE_MS: Final = 60_000
# An hour less than `transaction.timeout.ms` of the sink and the broker's limit for it.
_TRANSACTION_KEPT_MS: Final = 23 * _HOUR_MS
_MARKED_TABLES: Final = ("events", "identities", "rejected_events", "recording_chunks")
# Topics that stream_progress does not tell of: nothing in them closes a day.
_WITHOUT_PROGRESS: Final = ("rejected-events", "recording-chunks")


@dataclass(frozen=True)
class Sources:
    """Open connections to what a plan depends on."""

    broker: Broker
    iceberg: Iceberg


@dataclass(frozen=True)
class Planned:
    """One launch, decided. `story` says what was decided and why, for people."""

    job: Job
    rendered: Rendered
    launch: Launch
    story: tuple[str, ...]


@contextmanager
def open_sources(config: Config) -> Iterator[Sources]:
    """Open Kafka and the catalog, and close what needs closing."""
    broker = Broker(config.kafka.bootstrap)
    try:
        iceberg = load_catalog(CATALOG_NAME, **config.catalog.pyiceberg_properties())
        yield Sources(broker, iceberg)
    finally:
        broker.close()


def plan(config: Config, sources: Sources, name: str, accept_loss: bool = False) -> Planned:
    """Decide how the job starts; RecordsLost if a start would silently leave a gap."""
    job = load_job(name)
    topic_ids = sources.broker.topic_ids(job.reads)
    place = place_of(config, job)
    fingerprint = render(job, topic_ids, place, Start("").parameters()).fingerprint
    known = launches.read(config.home, name)
    commits = lake_state.newest_commits(sources.iceberg, job.writes)
    found = checkpoints.find(config.checkpoints, [launch.job_id for launch in known])
    choice = choose(found, known, commits, fingerprint, _oldest_ms(job, datetime.now(UTC)))
    story = [f"not restored: {reason}" for reason in choice.refused]
    job_id = secrets.token_hex(16)
    if choice.checkpoint:
        start = ancestry(choice.checkpoint.job_id, known)[0].start
        launch = Launch(job_id, fingerprint, start, choice.checkpoint)
        story.append(f"restored from checkpoint {choice.checkpoint.number}")
    else:
        start, lost = _STARTS[job.start](config, sources, job, topic_ids, accept_loss)
        launch = Launch(job_id, fingerprint, start, None, commits, lost)
        story += [f"LOST, accepted: {line}" for line in lost]
        story.append(f"started without state, run {start.run_id}, from {_moment(start.start_ms)}")
    rendered = render(job, topic_ids, place, launch.start.parameters())
    return Planned(job, rendered, launch, tuple(story))


def _oldest_ms(job: Job, now: datetime) -> int:
    """Return how old a checkpoint may be: one with a transaction must find it still open.

    TRICKY: after its time the broker aborts a prepared transaction; a restore would miss its
    records without failing, and one whose id was forgotten would fail for ever. And what a state
    may keep for some time is forgotten at a restore after that time, by the clock of the machine,
    not of the events: a session that goes on would begin anew.
    """
    limits = [_TRANSACTION_KEPT_MS] if job.produces else []
    if job.state_ttl and job.start == "restart_reread":
        limits.append(int(rule_text(job.state_ttl, job.name)) * _HOUR_MS // 2)
    return int(now.timestamp() * 1000) - min(limits) if limits else 0


def place_of(config: Config, job: Job) -> dict[str, str]:
    """Return the parameters that say where a job runs: addresses and names at the broker."""
    options = config.catalog.flink_options().items()
    return {
        "kafka_bootstrap": config.kafka.bootstrap,
        "catalog_options": ", ".join(f"{literal(key)} = {literal(text)}" for key, text in options),
        "transaction_prefix": job.name,
    }


def _after_duplicate_window(
    config: Config, sources: Sources, job: Job, topic_ids: Mapping[str, str], accept_loss: bool
) -> tuple[Start, tuple[str, ...]]:
    """Read again what duplicates may have a first copy in; write only what no sink has yet."""
    sources.broker.abort_transactions(job.name)
    held = sources.broker.held(job.reads)
    progress = lake_state.read_progress(sources.iceberg)
    lost = losses(held, progress)
    if lost and not accept_loss:
        raise RecordsLost(
            f"{job.name} cannot go on where it stopped: {'; '.join(lost)}. "
            "`headwater jobs restart --accept-loss` goes on without them and records the gap."
        )
    read = {place: part for place, part in held.items() if place[0] not in _WITHOUT_PROGRESS}
    window_ms = RULES.delivery.duplicate_window_hours * _HOUR_MS
    start_ms = duplicate_window_start(read, progress, window_ms)
    names = {topic_id: topic for topic, topic_id in topic_ids.items()}
    return Start(_new_run_id(), start_ms, marks=_marks(sources, names, start_ms)), lost


def _marks(sources: Sources, topics: Mapping[str, str], start_ms: int) -> dict[str, Marks]:
    """Return how far each sink of collect_events has come; `topics` maps ids to names."""
    lake, reasons = sources.iceberg, ("not_json", "missing_field")
    read = lake_state.read_marks
    return (
        {table: read(lake, table, topics, start_ms) for table in _MARKED_TABLES}
        | {reason: read(lake, "dead_letters", topics, start_ms, reason) for reason in reasons}
        | {"unique-events": sources.broker.committed_marks("unique-events", topics)}
    )


def _after_reread(
    config: Config, sources: Sources, job: Job, topic_ids: Mapping[str, str], accept_loss: bool
) -> tuple[Start, tuple[str, ...]]:
    """Read some hours again; emit what begins after the first gap that is seen whole."""
    table, _, column = (job.reread or "").partition(".")
    newest_ms = lake_state.newest_time(sources.iceberg, table, column)
    if newest_ms is None:
        return Start(_new_run_id()), ()
    start_ms = newest_ms - RULES.delivery.restart_reread_hours * _HOUR_MS
    gap_ms = RULES.sessions.gap_minutes * _MINUTE_MS
    return Start(_new_run_id(), max(0, start_ms), complete_after_ms=start_ms + gap_ms), ()


_StartRule = Callable[
    [Config, Sources, Job, Mapping[str, str], bool], tuple[Start, tuple[str, ...]]
]
_STARTS: Final[Mapping[str, _StartRule]] = {
    "duplicate_window": _after_duplicate_window,
    "restart_reread": _after_reread,
}


def _new_run_id() -> str:
    """Return an id that sorts by the time of the start."""
    return f"live-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"


def _moment(epoch_ms: int) -> str:
    if epoch_ms == 0:
        return "the beginning"
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).isoformat()
