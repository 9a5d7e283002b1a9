"""What a restatement run does: the queue of requests, or the days that are due."""

import logging
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from orchestration.opening import mirror_sites
from orchestration.quality import Verdict, demand, load_expectations, verdicts
from pipelines.batch.days import due_now, within_budget
from pipelines.batch.restate import Lake, due_days, newest_snapshot, read_watermark, restated_runs
from pipelines.batch.run import Run
from pipelines.lake.errors import LakeError
from schemas.load import RULES
from serving.control import restatements
from serving.control.database import Connection

LOG = logging.getLogger(__name__)


@dataclass
class Outcome:
    """What was done so far: runs switched to, verdicts of all runs, failures by site."""

    runs: list[Run] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def restate_queue(lake: Lake, control: Connection, dagster_run_id: str) -> Outcome:
    """Restate what people asked for, and what they ask for meanwhile, oldest first."""
    _warm_up()
    outcome = Outcome()
    for request in _queued(control):
        if not restatements.start(control, request.restatement_id, dagster_run_id):
            continue
        mirror_sites(control, lake)
        error = _restate(
            lake, request.site_id, request.dates, request.reason, outcome, is_held=request.is_held
        )
        restatements.finish(control, request.restatement_id, error)
    return outcome


def restate_due(lake: Lake, control: Connection, *, is_nightly: bool) -> Outcome:
    """Restate the closed days that are due, within a budget a site; old ones only at night.

    What the budget leaves follows with the next run, so that no site waits for another's history.
    """
    outcome = Outcome()
    mirror_sites(control, lake)
    snapshot = newest_snapshot(lake)
    if snapshot is None:
        return outcome
    rules = RULES.restating
    recent = None if is_nightly else rules.recent_days
    budget = rules.nightly_days if is_nightly else rules.hourly_days
    due = due_now(due_days(lake, snapshot), read_watermark(lake), recent_days=recent)
    if due:
        _warm_up()
    for site_id, dates in due.items():
        chosen = within_budget(dates, rules.recent_days, budget)
        LOG.info("%s: %d of %d due days", site_id, len(chosen), len(dates))
        _restate(lake, site_id, chosen, "nightly" if is_nightly else "hourly", outcome)
    return outcome


def _queued(control: Connection) -> Iterator[restatements.Restatement]:
    seen: set[int] = set()
    while waiting := [
        request
        for request in restatements.open_requests(control)
        if request.status == "queued" and request.restatement_id not in seen
    ]:
        seen.add(waiting[0].restatement_id)
        yield waiting[0]


def _restate(
    lake: Lake,
    site_id: str,
    dates: Iterable[date],
    reason: str,
    outcome: Outcome,
    *,
    is_held: bool = False,
) -> str | None:
    """Restate days of one site; return the reason if it failed, so that others go on."""

    def check(run: Run) -> None:
        found = verdicts(lake, run)
        outcome.verdicts += found
        demand(found)

    try:
        for run in restated_runs(lake, site_id, dates, reason, check, is_held=is_held):
            outcome.runs.append(run)
    except LakeError as error:
        LOG.exception("restating %s failed", site_id)
        outcome.failures.append(f"{site_id}: {error}")
        return str(error)
    return None


def _warm_up() -> None:
    """Import what the checks need while Trino works."""
    threading.Thread(target=load_expectations, daemon=True).start()
