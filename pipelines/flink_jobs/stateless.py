"""Where a job starts that has no state to go on with: by what topics, tables and sinks hold.

`outlook` only looks; `settle` also aborts the open transactions of whoever ran before, because
what they wrote must be decided before the marks are read.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pyiceberg.catalog import Catalog as Iceberg

from pipelines.flink_jobs import lake_state
from pipelines.flink_jobs.errors import RecordsLost
from pipelines.flink_jobs.kafka_state import Broker
from pipelines.flink_jobs.runner import Job
from pipelines.flink_jobs.starts import Marks, Start
from pipelines.flink_jobs.where_to_start import duplicate_window_start, losses
from schemas.load import RULES

_HOUR_MS: Final = 3_600_000
_MINUTE_MS: Final = 60_000
_MARKED_TABLES: Final = ("events", "identities", "rejected_events", "recording_chunks")
# Topics that stream_progress does not tell of: nothing in them closes a day.
_WITHOUT_PROGRESS: Final = ("rejected-events", "recording-chunks")


@dataclass(frozen=True)
class Sources:
    """Open connections to what a plan depends on."""

    broker: Broker
    iceberg: Iceberg


@dataclass(frozen=True)
class Outlook:
    """Where a start would read from (epoch ms, 0: the beginning), and what it would miss."""

    start_ms: int
    complete_after_ms: int = -1
    lost: tuple[str, ...] = ()


def outlook(sources: Sources, job: Job, accept_loss: bool = False) -> Outlook:
    """Return where the job would start without state; RecordsLost if that would leave a gap."""
    found = _OUTLOOKS[job.start](sources, job)
    if found.lost and not accept_loss:
        raise RecordsLost(
            f"{job.name} cannot go on where it stopped: {'; '.join(found.lost)}. "
            "`headwater jobs restart --accept-loss` goes on without them and records the gap."
        )
    return found


def settle(
    sources: Sources, job: Job, topic_ids: Mapping[str, str], accept_loss: bool = False
) -> tuple[Start, tuple[str, ...]]:
    """Decide a start without state; return it with what is lost by it, accepted.

    The job must not run: transactions it left open are aborted.
    """
    if job.produces:
        sources.broker.abort_transactions(job.name)
    found = outlook(sources, job, accept_loss)
    names = {topic_id: topic for topic, topic_id in topic_ids.items()}
    marks = _marks(sources, names, found.start_ms) if job.start == "duplicate_window" else {}
    start = Start(_new_run_id(), found.start_ms, found.complete_after_ms, marks)
    return start, found.lost


def _after_duplicate_window(sources: Sources, job: Job) -> Outlook:
    """Read again what duplicates may have a first copy in; write only what no sink has yet."""
    held = sources.broker.held(job.reads)
    progress = lake_state.read_progress(sources.iceberg)
    read = {place: part for place, part in held.items() if place[0] not in _WITHOUT_PROGRESS}
    window_ms = RULES.delivery.duplicate_window_hours * _HOUR_MS
    start_ms = duplicate_window_start(read, progress, window_ms)
    return Outlook(start_ms, lost=losses(held, progress))


def _marks(sources: Sources, topics: Mapping[str, str], start_ms: int) -> dict[str, Marks]:
    """Return how far each sink of collect_events has come; `topics` maps ids to names."""
    lake, reasons = sources.iceberg, ("not_json", "missing_field")
    read = lake_state.read_marks
    return (
        {table: read(lake, table, topics, start_ms) for table in _MARKED_TABLES}
        | {reason: read(lake, "dead_letters", topics, start_ms, reason) for reason in reasons}
        | {"unique-events": sources.broker.committed_marks("unique-events", topics)}
    )


def _after_reread(sources: Sources, job: Job) -> Outlook:
    """Read some hours again; emit what begins after the first gap that is seen whole."""
    table, _, column = (job.reread or "").partition(".")
    newest_ms = lake_state.newest_time(sources.iceberg, table, column)
    if newest_ms is None:
        return Outlook(0)
    start_ms = newest_ms - RULES.delivery.restart_reread_hours * _HOUR_MS
    gap_ms = RULES.sessions.gap_minutes * _MINUTE_MS
    return Outlook(max(0, start_ms), complete_after_ms=start_ms + gap_ms)


_OUTLOOKS: Final[Mapping[str, Callable[[Sources, Job], Outlook]]] = {
    "duplicate_window": _after_duplicate_window,
    "restart_reread": _after_reread,
}


def _new_run_id() -> str:
    """Return an id that sorts by the time of the start."""
    return f"live-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"


def moment(epoch_ms: int) -> str:
    """Return the time for people; 0 is where a topic begins."""
    if epoch_ms == 0:
        return "the beginning"
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).isoformat()
