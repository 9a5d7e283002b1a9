"""Restate days: read events once more, write every table of the days, then switch to them.

Nothing is overwritten. A run that dies half-way leaves rows that no `day_runs` row names:
no view shows them, maintenance purges them, and the days are as due as before.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from pipelines.batch.attribution import model as attribution
from pipelines.batch.attribution.model import Ask
from pipelines.batch.channels_restated import model as channels_restated
from pipelines.batch.days import (
    MOVED,
    DueDay,
    Room,
    begin_of,
    end_of,
    linked_to,
    moved_days,
    runs_of,
)
from pipelines.batch.definitions import SWITCH, definitions, fragments, of_day, touch_digest
from pipelines.batch.errors import UnknownSite
from pipelines.batch.revenue_events import model as revenue_events
from pipelines.batch.run import Run, new_run_id
from pipelines.batch.tables import BATCH_TABLES, FOLDER
from pipelines.lake.appending import Append, refuse_to_append
from pipelines.lake.sql import bind, read_sql
from pipelines.lake.trino import Parameter, Row, Trino
from schemas.goals import SiteGoals
from schemas.load import RULES, TOPICS
from schemas.loaders.edge_rules import rules_of_site
from schemas.site_definitions import SiteDefinitions

# Tables whose rows Python makes: a run and a way to ask in, lists of rows out, a commit each.
MODELS: Final[Mapping[str, Callable[[Run, Ask], Iterable[list[Row]]]]] = {
    "attribution": attribution.rows,
    "channels_restated": channels_restated.rows,
    "revenue_events": revenue_events.rows,
}
_DUE: Final = FOLDER / "due"


@dataclass(frozen=True)
class Lake:
    """The lake as batch sees it: tables through Trino, and a clock that tests can move.

    `append` takes the rows that a model in Python made, as one commit.

    `lock` gives the one right to restate a site; two runs of one site would both be correct
    and the later switch would win, but half of the work would be for nothing.

    `goals` are those that a site defines, asked for once a restatement.
    """

    trino: Trino
    lock: Callable[[str], AbstractContextManager[object]] = lambda site_id: nullcontext()
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    pause: Callable[[float], None] = time.sleep
    append: Append = refuse_to_append
    goals: Callable[[str], SiteGoals] = lambda site_id: SiteGoals()

    def ask(self, path: Path, values: dict[str, Parameter], run: Run | None = None) -> list[Row]:
        """Run a file of SQL with values bound to its `:names` and return its rows."""
        more = {**fragments(run.parameters()), **run.parameters()} if run else {}
        return self.trino.rows(*bind(read_sql(path, more).text, values))


def no_checks(run: Run) -> None:
    """Accept every run."""


def restate(
    lake: Lake,
    site_id: str,
    dates: Iterable[date],
    reason: str,
    before_switch: Callable[[Run], object] = no_checks,
    *,
    is_held: bool = False,
) -> list[Run]:
    """Do all of `restated_runs` and return the runs."""
    return list(restated_runs(lake, site_id, dates, reason, before_switch, is_held=is_held))


def restated_runs(
    lake: Lake,
    site_id: str,
    dates: Iterable[date],
    reason: str,
    before_switch: Callable[[Run], object] = no_checks,
    *,
    is_held: bool = False,
) -> Iterator[Run]:
    """Restate local dates of a site, and the due neighbours whose sessions they share.

    `before_switch` looks at what a run wrote; if it raises, the days of that run and of those
    after it stay as they were. A run that `is_held` is written and not switched to: see
    held_runs. Yields each run when it is made, one for each stretch of neighbouring days that
    rules/restating.toml lets a run take; none while web.events is empty. Running it again gives
    the same view. Raises UnknownSite or LakeError.
    """
    with lake.lock(site_id):
        snapshot = newest_snapshot(lake)
        if snapshot is None:
            return
        run = _whole(lake, site_id, snapshot, reason, is_held=is_held)
        due = due_days(lake, snapshot, site_id)
        wanted = linked_to(dates, due, run.watermark)
        for stretch in runs_of(wanted, moved_days(due), _room(lake, run, wanted)):
            one = replace(run, run_id=new_run_id(lake.now()), dates=stretch)
            yield _restate_stretch(lake, one, before_switch)


def _whole(lake: Lake, site_id: str, snapshot: int, reason: str, *, is_held: bool) -> Run:
    """Return what the runs of a restatement share; each has dates and an id of its own."""
    now, site = lake.now(), _mirrored(lake, site_id)
    channel_rules = rules_of_site(json.loads(site["channel_rules"] or "null"))
    return Run(
        run_id=new_run_id(now),
        site_id=site_id,
        zone=site["zone"],
        dates=(),
        reason=reason,
        snapshot=snapshot,
        watermark=read_watermark(lake),
        started_at=now,
        is_held=is_held,
        own=SiteDefinitions(lake.goals(site_id), channel_rules),
    )


def _room(lake: Lake, run: Run, dates: Sequence[date]) -> Room:
    """Return what one run may take; a single day is never counted."""
    rules, rows = RULES.restating, list[Row]()
    if len(dates) > 1:
        span: dict[str, Parameter] = {
            "site_id": run.site_id,
            "zone": run.zone,
            "counted_from": begin_of(dates[0], run.zone),
            "counted_until": end_of(dates[-1], run.zone),
        }
        rows = lake.ask(_DUE / "event_counts.sql", span, run)
    counts = {row["local_date"]: row["event_count"] for row in rows}
    return Room(rules.run_days, rules.run_events, counts)


def newest_snapshot(lake: Lake) -> int | None:
    """Return the snapshot of web.events that all queries of a restatement read."""
    rows = lake.ask(_DUE / "snapshot.sql", {})
    return int(rows[0]["snapshot_id"]) if rows else None


def read_watermark(lake: Lake) -> datetime | None:
    """Return the append time that every partition of `events` has passed.

    None while stream_progress has not heard of every partition.
    """
    rows = lake.ask(_DUE / "watermark.sql", {})
    if len(rows) < TOPICS["events"].partitions:
        return None
    return min(_utc(row["appended_at"]) for row in rows)


def zone_of(lake: Lake, site_id: str) -> str:
    """Return the IANA zone of a site, or raise UnknownSite."""
    return str(_mirrored(lake, site_id)["zone"])


def _mirrored(lake: Lake, site_id: str) -> Row:
    rows = lake.ask(_DUE / "site.sql", {"site_id": site_id})
    if not rows:
        raise UnknownSite(
            f"Site {site_id!r} is not in web.sites, the mirror of the control plane. "
            "Create it with `headwater sites create`; the mirror follows before each restatement."
        )
    return rows[0]


def due_days(lake: Lake, snapshot: int, site_id: str | None = None) -> list[DueDay]:
    """Return the site-days that a restatement would change, of one site or of all."""
    parts = {
        "days_with_moved_sessions": read_sql(_DUE / "moved_sessions.sql").body,
        "days_with_changed_touches": read_sql(_DUE / "changed_touches.sql", touch_digest()).body,
        "days_with_erased_rows": read_sql(_DUE / "erased_rows.sql").body,
    }
    names = {"events_snapshot": str(snapshot), "moved": f"'{MOVED}'", **parts}
    sql = read_sql(_DUE / "days.sql", names).text
    rows = lake.trino.rows(*bind(sql, {"site_id": site_id}))
    return [
        DueDay(
            row["site_id"], row["local_date"], row["zone"], row["has_run"], tuple(row["reasons"])
        )
        for row in rows
    ]


def _restate_stretch(lake: Lake, run: Run, before_switch: Callable[[Run], object]) -> Run:
    offsets = _offsets(lake.ask(_DUE / "offsets.sql", run.values(), run))
    for table in BATCH_TABLES.values():
        if table.query is not None and table.name != SWITCH:
            lake.ask(table.query, run.values(), run)
        if table.name in MODELS:
            _write_model(lake, run, table.name)
    written_at = lake.now()
    before_switch(run)
    _wait_for_readers(lake, written_at)
    switched = {
        **run.values(),
        "offsets": offsets,
        "committed_at": lake.now(),
        "definitions": _definitions(run),
    }
    lake.ask(FOLDER / SWITCH / "query.sql", switched, run)
    return run


def _definitions(run: Run) -> list[str]:
    """Return what each day of a run was made with."""
    made_with = definitions()
    return [json.dumps(of_day(made_with, run.own, day)) for day in run.dates]


def _write_model(lake: Lake, run: Run, table: str) -> None:
    def ask(path: Path, more: Mapping[str, Parameter]) -> list[Row]:
        return lake.ask(path, {**run.values(), **more}, run)

    for rows in MODELS[table](run, ask):
        lake.append(table, rows)


def _wait_for_readers(lake: Lake, written_at: datetime) -> None:
    """Let readers that hold older snapshots of the tables finish before the switch."""
    passed = (lake.now() - written_at).total_seconds()
    lake.pause(max(0.0, RULES.delivery.day_switch_seconds - passed))


def _offsets(rows: Sequence[Row]) -> str:
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row["topic_id"], {})[str(row["topic_partition"])] = row["topic_offset"]
    return json.dumps(found, sort_keys=True)


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
