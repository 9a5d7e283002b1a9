"""One restatement of neighbouring days of a site, and the values its SQL is given."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar, Final

from pipelines.batch.days import begin_of, is_closed, looks_until, may_stay_open
from pipelines.lake.trino import Parameter
from schemas.load import RULES
from schemas.site_definitions import SiteDefinitions

_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Run:
    """What one run reads and writes: `dates` follow each other, `snapshot` is of web.events.

    `watermark` is None while stream_progress does not cover every partition.
    """

    run_id: str
    site_id: str
    zone: str
    dates: tuple[date, ...]
    reason: str
    snapshot: int
    watermark: datetime | None
    started_at: datetime
    is_held: bool = False
    own: SiteDefinitions = SiteDefinitions()

    # Names of `parameters`.
    PARAMETERS: ClassVar[tuple[str, ...]] = ("events_snapshot", "runs_table")

    def values(self) -> dict[str, Parameter]:
        """Return what is bound to `:names` of query.sql and checks.sql."""
        late = timedelta(seconds=RULES.delivery.late_seconds)
        gap = timedelta(minutes=RULES.sessions.gap_minutes)
        reach = timedelta(days=RULES.attribution.lookback_days.reach_days)
        return {
            "run_id": self.run_id,
            "site_id": self.site_id,
            "zone": self.zone,
            "goals": self.own.goals.as_json(),
            "exclude_bots": self.own.goals.exclude_bots,
            "reason": self.reason,
            "dates": list(self.dates),
            "first_date": self.dates[0],
            "last_date": self.dates[-1],
            "touches_from": self.dates[0] - reach,
            "emitted_at": self.started_at,
            "read_from": begin_of(self.dates[0], self.zone) - gap,
            "read_until": looks_until(self.dates[-1], self.zone),
            "looks_until": [looks_until(day, self.zone) for day in self.dates],
            "settled_until": self.watermark - late if self.watermark else _NEVER,
            "may_stay_open": [may_stay_open(day, self.zone, self.watermark) for day in self.dates],
            "is_closed": [is_closed(day, self.zone, self.watermark) for day in self.dates],
        }

    def parameters(self) -> Mapping[str, str]:
        """Return what fills `${names}`: TRICKY: Trino binds no value after VERSION AS OF."""
        runs = "held_runs" if self.is_held else "day_runs"
        return {"events_snapshot": str(self.snapshot), "runs_table": runs}


def new_run_id(now: datetime) -> str:
    """Return an id that sorts by time, so that a later run's id is the larger one."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(3)}"
