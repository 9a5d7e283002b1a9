"""The cases of restated days, run by Trino.

A case is a folder `<table>/<case>/`:
- events.yaml: rows of web.events. `step: 2` comes after a first restatement of all of step 1;
  then whatever is due is restated, and what became due by that. `site: b` names a second site.
  A row with `vendor` and `body` is a payment webhook; `$case` in the body is the case's name, by
  which ids are its own.
- case.yaml (may be absent): `zone`, and `alone: true` for a case about totals of a site.
  `events_of: <case>` looks at another table of such a case and has no events of its own.
  `goals` are those of its sites by letter; `exclude_bots` lists the sites that leave bots out.
  `then: {restate, goals}` names days that are restated on request between the two steps, with
  other goals.
- sessions_closed.yaml, session_progress.yaml (may be absent): live sessions, open ones.
- expect.yaml: all rows of the table or view for the case; only the columns named are compared.

Cases of one zone share a site and are told apart by their visitors, so that all of them cost
one restatement; visitor and event ids get the case's name in front.
"""

import json
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
import yaml

from cli.plan import touched
from cli.rooms import sql_of
from pipelines.batch.days import due_now
from pipelines.batch.restate import Lake, due_days, newest_snapshot, read_watermark, restate
from pipelines.batch.run import Run
from pipelines.batch.tables import BATCH_TABLES, BatchTable
from schemas.goals import (
    Destination,
    Duration,
    Event,
    Goal,
    Pages,
    Property,
    SiteGoals,
)
from schemas.site_definitions import SiteDefinitions
from tests.sql.rows import (
    RUN,
    add_site,
    event,
    insert,
    live_session,
    open_session,
    webhook,
)

# The cases are run together, before the first is looked at: minutes on a machine that is busy.
pytestmark = pytest.mark.timeout(1_500)

FOLDER: Final = Path(__file__).parent
# Folder -> what is read, and the column of the visitor in it (none: the case is alone).
READS: Final = {
    "surplus_events": "lake.web.surplus_events",
    "first_seen": "lake.web.first_seen",
    "event_sessions": "lake.web.event_sessions",
    "sessions_restated": "lake.web.sessions_restated",
    "visitor_days": "lake.web.visitor_days",
    "daily_site": "lake.analytics.daily_site",
    "daily_source": "lake.analytics.daily_source",
    "daily_page": "lake.analytics.daily_page",
    "daily_geo": "lake.analytics.daily_geo",
    "daily_tech": "lake.analytics.daily_tech",
    "daily_goal": "lake.analytics.daily_goal",
    "daily_event": "lake.analytics.daily_event",
    "daily_property": "lake.analytics.daily_property",
    "friction_restated": "lake.analytics.friction",
    "touchpoints": "lake.analytics.touchpoints",
    "conversions": "lake.web.conversions",
    "attribution": "lake.analytics.attribution",
    "revenue_events": "lake.analytics.revenue_events",
    "analytics_sessions": "lake.analytics.sessions",
    "analytics_events": "lake.analytics.events",
    "analytics_visitors": "lake.analytics.visitors",
    "page_paths": "lake.analytics.page_paths",
    "path_steps": "lake.analytics.path_steps",
    "conversion_page_paths": "lake.analytics.conversion_page_paths",
}
# Tables that hold every run: of these only the rows of the run that counts are compared.
_OF_RUNS: Final = {
    "event_sessions": "local_date",
    "sessions_restated": "started_date",
    "visitor_days": "local_date",
    "conversions": "local_date",
}


@dataclass(frozen=True)
class Case:
    """One folder of tests/sql."""

    folder: Path

    @property
    def name(self) -> str:
        return f"{self.folder.parent.name}/{self.folder.name}"

    @property
    def table(self) -> str:
        return self.folder.parent.name

    @cached_property
    def settings(self) -> dict[str, Any]:
        return self._read("case.yaml") or {}

    @property
    def is_alone(self) -> bool:
        """Whether its sites are its own: its rows are told apart by them."""
        return "events_of" in self.settings or bool(self.settings.get("alone"))

    @property
    def zone(self) -> str:
        return str(self.settings.get("zone", "UTC"))

    def site(self, letter: str = "a") -> str:
        """Return the site a row belongs to, shared with the other cases of the zone."""
        own = "shared"
        if self.is_alone:
            own = str(self.settings.get("events_of", self.folder.name))
        return f"{RUN}-{own}-{self.zone}-{letter}".lower().replace("/", "-").replace("_", "-")

    def goals(self, settings: dict[str, Any]) -> dict[str, SiteGoals]:
        """Return the goals of each of its sites, of the settings or of what comes `then`."""
        without_bots = self.settings.get("exclude_bots", ())
        return {
            self.site(letter): SiteGoals(tuple(map(_goal, goals)), letter in without_bots)
            for letter, goals in settings.get("goals", {}).items()
        }

    def events(self, step: int) -> list[dict[str, Any]]:
        """Return the rows of one step as they go into web.events."""
        rows = []
        for row in self._read("events.yaml"):
            if row.pop("step", 1) == step:
                rows.append(self._own(row, self._webhook if "vendor" in row else event))
        return rows

    def live_sessions(self) -> list[dict[str, Any]]:
        return [self._own(row, live_session) for row in self._read("sessions_closed.yaml")]

    def open_sessions(self) -> list[dict[str, Any]]:
        return [self._own(row, open_session) for row in self._read("session_progress.yaml")]

    def expected(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._read("expect.yaml")
        return rows

    def mine(self, value: Any) -> str | None:
        """Return an id without the case's name, None if it is of another case."""
        prefix = f"{self.name}/"
        return value[len(prefix) :] if str(value).startswith(prefix) else None

    def _webhook(self, vendor: str, body: dict[str, Any], **columns: Any) -> dict[str, Any]:
        own = json.loads(json.dumps(body).replace("$case", self.name))
        return webhook(vendor, own, **columns)

    def _own(self, row: dict[str, Any], make: Any) -> dict[str, Any]:
        row["site_id"] = self.site(row.pop("site", "a"))
        for name in ("visitor_id", "event_id"):
            if row.get(name) is not None:
                row[name] = f"{self.name}/{row[name]}"
        made: dict[str, Any] = make(**row)
        if "received_at" in made and "event_date" not in row:
            made["event_date"] = made["event_at"].astimezone(ZoneInfo(self.zone)).date()
        return made

    def _read(self, name: str) -> Any:
        path = self.folder / name
        return yaml.safe_load(path.read_text("utf-8")) if path.exists() else []


CASES: Final = [
    Case(path.parent) for table in READS for path in sorted((FOLDER / table).glob("*/expect.yaml"))
]


def _goal(given: dict[str, Any]) -> Goal:
    """Make a goal that counts always unless said; nobody looks whether it may be asked for."""
    condition = dict(given)
    goal_id, kind = condition.pop("goal_id"), condition.pop("kind")
    name = condition.pop("name", goal_id)
    first, last = condition.pop("counts_from", date.min), condition.pop("counts_until", None)
    if "properties" in condition:
        condition["properties"] = tuple(Property(**one) for one in condition["properties"])
    shape = {"destination": Destination, "event": Event, "duration": Duration, "pages": Pages}
    return Goal(goal_id, name, kind, shape[kind](**condition), first, last)


@pytest.fixture(scope="module")
def runs(lake: Lake) -> list[Run]:
    """Run all cases together and return the runs, oldest first."""
    goals = {site: of for case in CASES for site, of in case.goals(case.settings).items()}
    lake = replace(lake, goals=lambda site_id: goals.get(site_id, SiteGoals()))
    zones: dict[str, str] = {}
    for case in CASES:
        for row in [*case.events(1), *case.events(2)]:
            zones[row["site_id"]] = case.zone
    for site, zone in zones.items():
        add_site(lake.trino, site, zone)
    insert(lake.trino, "sessions_closed", [s for case in CASES for s in case.live_sessions()])
    insert(lake.trino, "session_progress", [s for case in CASES for s in case.open_sessions()])
    insert(lake.trino, "events", [row for case in CASES for row in case.events(1)])
    runs = _restate_due(lake, set(zones))
    for case in CASES:
        then = case.settings.get("then", {})
        goals |= case.goals(then)
        for site in case.goals(then):
            runs += restate(lake, site, then["restate"], "goals")
    insert(lake.trino, "events", [row for case in CASES for row in case.events(2)])
    runs += _restate_due(lake, set(zones))
    return runs + _restate_due(lake, set(zones))  # conversions whose touches changed


@pytest.fixture(scope="module")
def restated(lake: Lake, runs: list[Run]) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of every table and view, of the cases' sites: others test here, too."""
    sites = {run.site_id for run in runs} | {
        row["site_id"] for case in CASES for row in case.live_sessions() + case.open_sessions()
    }
    return {table: lake.trino.rows(_select(table, sites)) for table in READS}


def _restate_due(lake: Lake, sites: set[str]) -> list[Run]:
    snapshot = newest_snapshot(lake)
    assert snapshot is not None
    due = due_now(due_days(lake, snapshot), read_watermark(lake), recent_days=None)
    assert set(due) & sites, "nothing is due"
    # Two sites at once: a restatement mostly waits for Trino to plan and to commit.
    with ThreadPoolExecutor(2) as pool:
        made = pool.map(
            lambda site: restate(lake, site, due[site], "test"),
            [site for site in due if site in sites],
        )
        return [run for runs in made for run in runs]


def _select(table: str, sites: set[str]) -> str:
    mine = f"WHERE t.site_id IN ({', '.join(repr(site) for site in sorted(sites))})"
    if table not in _OF_RUNS:
        return f"SELECT t.* FROM {READS[table]} t {mine}"
    return (
        f"SELECT t.* FROM {READS[table]} t JOIN lake.analytics.day_runs d ON d.site_id = t.site_id"
        f" AND d.local_date = t.{_OF_RUNS[table]} AND d.run_id = t.run_id {mine}"
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case, restated: dict[str, list[dict[str, Any]]]) -> None:
    expected = case.expected()
    rows = [row for row in restated[case.table] if _is_of(row, case)]
    names = sorted({name for row in expected for name in row})
    found = [{name: _plain(row, name, case) for name in names} for row in rows]
    wanted = [{name: _wanted(row.get(name)) for name in names} for row in expected]
    assert sorted(map(repr, found)) == sorted(map(repr, wanted))


def _is_of(row: dict[str, Any], case: Case) -> bool:
    if case.is_alone:
        return str(row["site_id"]).startswith(case.site(""))
    return any(case.mine(row[n]) is not None for n in ("visitor_id", "event_id") if n in row)


def _plain(row: dict[str, Any], name: str, case: Case) -> Any:
    """Return a value as the case wrote it: ids without its name, sites by their letter."""
    if name == "site":
        return str(row["site_id"]).rpartition("-")[2]
    value = row[name]
    if name in ("visitor_id", "event_id"):
        return case.mine(value)
    return _wanted(value)


def _wanted(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, bool | int | str | None) else str(value)


def test_sessions_of_an_event_are_compared_by_their_number(
    restated: dict[str, list[dict[str, Any]]],
) -> None:
    by_session: dict[str, set[str]] = defaultdict(set)
    for row in restated["event_sessions"]:
        by_session[row["session_id"]].add(row["event_id"])
    counts = {row["session_id"]: row["event_count"] for row in restated["sessions_restated"]}
    assert {session: len(events) for session, events in by_session.items()} == counts


def test_a_conversion_has_the_session_of_its_event(
    restated: dict[str, list[dict[str, Any]]],
) -> None:
    sessions = {(r["site_id"], r["event_id"]): r["session_id"] for r in restated["event_sessions"]}
    found = {(r["site_id"], r["event_id"]): r["session_id"] for r in restated["conversions"]}
    assert found == {key: sessions.get(key) for key in found}
    assert None in found.values()
    assert len(set(found.values())) > 2


# Columns of a table and those of daily_site: they add up to the same, on every day of every site.
OF_SESSIONS: Final = {
    "session_count": "session_count",
    "bounce_count": "bounce_count",
    "session_duration_ms": "session_duration_ms",
    "page_view_count": "session_page_view_count",
}
SAME_SUMS: Final = {
    "daily_source": OF_SESSIONS,
    "daily_geo": OF_SESSIONS,
    "daily_tech": OF_SESSIONS,
    "daily_page": {
        "page_view_count": "page_view_count",
        "event_count": "event_count",
        "engaged_ms": "engaged_ms",
        "conversion_count": "conversion_count",
        "revenue_usd_amount": "revenue_usd_amount",
        "entry_count": "session_count",
        "exit_count": "session_count",
        "bounce_count": "bounce_count",
    },
    "daily_goal": {"conversion_count": "conversion_count"},
    "daily_event": {"event_count": "event_count"},
}


@pytest.mark.parametrize("table", SAME_SUMS)
def test_parts_of_a_day_add_up_to_its_totals(
    table: str, restated: dict[str, list[dict[str, Any]]]
) -> None:
    sums: dict[Any, Counter[str]] = defaultdict(Counter)
    for row in restated[table]:
        sums[row["site_id"], row["local_date"]].update({n: row[n] for n in SAME_SUMS[table]})
    assert len(sums) > 3
    for day in restated["daily_site"]:
        wanted = {name: day[total] for name, total in SAME_SUMS[table].items()}
        found = sums[day["site_id"], day["local_date"]]
        assert {name: found[name] for name in wanted} == wanted, day


@pytest.mark.parametrize(
    "table",
    [table for table in BATCH_TABLES.values() if table.checks],
    ids=lambda table: table.name,
)
def test_the_checks_of_a_run_pass(lake: Lake, runs: list[Run], table: BatchTable) -> None:
    """Of days with a session over midnight, and with nothing."""
    run = max(runs, key=lambda run: len(run.dates) if "three-days" in run.site_id else 0)
    assert len(run.dates) == 3
    assert table.checks is not None
    (measures,) = lake.ask(table.checks, run.values(), run)
    for check in table.contract.checks:
        value = measures[check.measure]
        assert value is not None, check
        assert check.min is None or value >= check.min, check
        assert check.max is None or value <= check.max, check


@pytest.mark.usefixtures("restated")
def test_a_plan_finds_the_days_made_with_other_goals(lake: Lake) -> None:
    case = next(case for case in CASES if "then" in case.settings)
    runs = lake.trino.rows(sql_of("runs_by_definitions"), [case.site(), case.site()])
    own = {site: SiteDefinitions(of) for site, of in case.goals(case.settings["then"]).items()}
    assert touched(runs, own) == [
        {
            "site": case.site(),
            "table": "daily_goal",
            "reason": "the site's goals changed",
            "days": 1,
            "from": date(2026, 3, 1),
            "to": date(2026, 3, 1),
        }
    ]


@pytest.mark.usefixtures("restated")
def test_in_the_end_nothing_is_due(lake: Lake, runs: list[Run]) -> None:
    snapshot = newest_snapshot(lake)
    assert snapshot is not None
    due = due_now(due_days(lake, snapshot), read_watermark(lake), recent_days=None)
    assert set(due) & {run.site_id for run in runs} == set()
