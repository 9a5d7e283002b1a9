"""The receipt of an erasure: when each copy of a person is gone, by the rule that ends it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pipelines.lake import orphans
from pipelines.lake.expiry import KEEP_FOR
from schemas.load import RECORDS, RULES, TABLES, TOPICS

_NIGHT: Final = timedelta(days=1)  # what goes by age goes the night after
_PERSONAL: Final = ("visitor_id", "user_id", "payload")


@dataclass(frozen=True)
class Stages:
    """How far an erasure is; a time is None until it has come."""

    requested_at: datetime
    hidden_at: datetime | None
    rewritten_at: datetime | None


@dataclass(frozen=True)
class Copy:
    """One place that holds the person. `gone_at` None: not before an earlier step is done."""

    what: str
    gone_at: datetime | None
    by: str

    def state(self, now: datetime) -> str:
        """Return gone, or waiting."""
        return "gone" if self.gone_at is not None and self.gone_at <= now else "waiting"


def receipt(stages: Stages) -> list[Copy]:
    """Return every copy of the person, first what goes first."""
    return [*_shown(stages), *_files(stages), *_under_way(stages), *_refused(stages), _backups()]


def passing() -> list[Copy]:
    """Return the copies that go by themselves and that nobody can look into by person."""
    nothing_done = Stages(datetime.max, None, None)
    return [*_under_way(nothing_done), *_refused(nothing_done)]


def ends_at(stages: Stages) -> datetime | None:
    """Return when the last copy is gone that Headwater holds; None before files are rewritten."""
    times = [copy.gone_at for copy in receipt(stages) if copy != _backups()]
    known = [time for time in times if time is not None]
    return max(known) if len(known) == len(times) else None


def _shown(stages: Stages) -> Iterator[Copy]:
    yield Copy("views, API, page", stages.hidden_at, "analytics.erasures hides the person")
    rule = "their days are restated: recent ones hourly, others nightly"
    yield Copy("totals of restated days", stages.rewritten_at, rule)


def _files(stages: Stages) -> Iterator[Copy]:
    rewritten = stages.rewritten_at
    rule = "deleted at night once the day of the request has closed and its days are restated"
    yield Copy("rows of the tables", rewritten, rule)
    yield Copy("session recordings", rewritten, rule)
    rule = f"kept for {_hours(KEEP_FOR)}; the newest of a Flink job until it commits again"
    yield Copy("older snapshots of the tables", rewritten and rewritten + KEEP_FOR, rule)
    left = rewritten and rewritten + orphans.KEEP_FOR + _NIGHT
    rule = f"of writers that died: removed at night once {_hours(orphans.KEEP_FOR)} old"
    yield Copy("files that no snapshot names", left, rule)


def _under_way(stages: Stages) -> Iterator[Copy]:
    kept = timedelta(seconds=RULES.delivery.log_segment_seconds + RULES.delivery.log_keep_seconds)
    rule = f"a segment is kept {RULES.delivery.log_keep_seconds} s after Kafka has all of it"
    yield Copy("log of the edge", stages.hidden_at and stages.hidden_at + kept, rule)
    window = timedelta(hours=RULES.delivery.duplicate_window_hours)
    rule = f"state is kept for {_hours(window)}, checkpoints follow"
    yield Copy("state of the stream", stages.hidden_at and stages.hidden_at + window, rule)
    kept = timedelta(days=RULES.exports.keep_days)
    gone = stages.hidden_at and stages.hidden_at + kept + _NIGHT
    yield Copy("files asked for over the API", gone, f"removed the night after {kept.days} days")
    segment = timedelta(hours=RULES.delivery.topic_segment_hours)
    for topic in TOPICS.values():
        columns = {field.name for name in topic.records for field in RECORDS[name].fields}
        if columns & set(_PERSONAL):
            kept = timedelta(hours=topic.retention_hours)
            gone = stages.hidden_at and stages.hidden_at + kept + segment
            rule = f"kept for {_hours(kept)}, in segments of {_hours(segment)}"
            yield Copy(f"topic {topic.name}", gone, rule)


def _refused(stages: Stages) -> Iterator[Copy]:
    for name in ("rejected_events", "dead_letters"):
        kept = timedelta(days=TABLES[name].keep_days or 0)
        gone = stages.hidden_at and stages.hidden_at + kept + KEEP_FOR
        yield Copy(f"payloads in {name}", gone, f"kept for {kept.days} days")


def _backups() -> Copy:
    return Copy("backups", None, "Headwater makes none; those you make end by your own rule")


def _hours(time: timedelta) -> str:
    hours = time // timedelta(hours=1)
    return f"{hours // 24} days" if hours >= 48 else f"{hours} h"
