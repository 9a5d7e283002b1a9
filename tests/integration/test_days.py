"""A day through everything that runs: asked for, restated, late, restated again."""

import json
import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from cli.edge import EdgeClient
from pipelines.lake.config import load_config
from pipelines.lake.tables import open_catalog
from schemas.load import TABLES
from tests.integration.commands import post, rows_of
from tests.integration.stack import Stack, TestSite

EMPTY_DAY: Final = date(2026, 2, 1)
DAY: Final = date(2026, 3, 1)
MAX_SNAPSHOTS: Final = 2_000
NOON: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def site(stack: Stack) -> TestSite:
    return stack.make_site(f"days-{uuid.uuid4().hex[:8]}")


def send_history(stack: Stack, site: TestSite, *minutes: float) -> None:
    """Send page views of one visitor as imported history and wait until they are in the table."""
    batch = [
        {
            "type": "page",
            "messageId": f"at-{minute}",
            "anonymousId": "v",
            "timestamp": (NOON + timedelta(minutes=minute)).isoformat(),
            "context": {"page": {"url": f"https://shop.example/{minute}"}},
        }
        for minute in minutes
    ]
    edge = EdgeClient(stack.url("edge"), site.secret_key)
    assert edge.post_batch(batch, history=True) == []
    edge.close()
    wanted = {f"at-{minute}" for minute in minutes}
    stack.wait_until("the events in the table", lambda: wanted <= event_ids(stack, site))


def event_ids(stack: Stack, site: TestSite) -> set[str]:
    rows = rows_of(stack, f"SELECT event_id FROM analytics.events WHERE site_id = '{site.site_id}'")
    return {row["event_id"] for row in rows}


def restate(stack: Stack, site: TestSite, *dates: date) -> None:
    listed = ",".join(day.isoformat() for day in dates)
    words = ("restate", "--site", site.site_id, "--dates", listed, "--wait")
    stack.headwater(*words, timeout=400)


def sessions(stack: Stack, site: TestSite) -> list[tuple[str, int]]:
    rows = rows_of(
        stack,
        "SELECT entry_page, event_count FROM analytics.sessions"
        f" WHERE site_id = '{site.site_id}' AND is_restated ORDER BY started_at",
    )
    return [(row["entry_page"], int(row["event_count"])) for row in rows]


def totals(stack: Stack, site: TestSite) -> list[dict[str, Any]]:
    return rows_of(
        stack,
        "SELECT local_date, session_count, page_view_count, visitor_count, is_open"
        f" FROM analytics.daily_site WHERE site_id = '{site.site_id}' ORDER BY local_date",
    )


def test_a_day_is_restated_when_asked_for(stack: Stack, site: TestSite) -> None:
    """A day without an event may be among them."""
    send_history(stack, site, 0, 10, 50)
    restate(stack, site, EMPTY_DAY, DAY)
    assert sessions(stack, site) == [("/0", 2), ("/50", 1)]
    days = {row["local_date"]: row for row in totals(stack, site)}
    assert days.keys() == {EMPTY_DAY.isoformat(), DAY.isoformat()}
    day = days[DAY.isoformat()]
    assert (day["session_count"], day["page_view_count"], day["visitor_count"]) == (2, 3, 1)


def test_a_late_event_merges_two_sessions(stack: Stack, site: TestSite) -> None:
    send_history(stack, site, 30)
    restate(stack, site, DAY)
    assert sessions(stack, site) == [("/0", 4)]


def test_days_by_other_rules_are_compared_before_they_count(
    stack: Stack, site: TestSite, tmp_path: Path
) -> None:
    file = tmp_path / "rules.toml"
    file.write_text('[[channels]]\nchannel = "Typed in"\nsource = ["(direct)"]\n')
    stack.headwater("sites", "channels", site.site_id, "--file", str(file))
    days = ("--dates", DAY.isoformat(), "--hold", "--wait")
    stack.headwater("restate", "--site", site.site_id, *days, timeout=400)
    (run,) = listed(stack, "held", "list", "--site", site.site_id)
    assert (run["state"], run["from"], run["days"]) == ("held", DAY.isoformat(), 1)
    assert channels(stack, site) == {"Direct"}

    asked = ("--table", "daily_source", "--by", "channel")
    rows = listed(stack, "held", "compare", run["run"], *asked)
    counts = {row["channel"]: row for row in rows if row["measure"] == "session_count"}
    assert counts.keys() == {"Direct", "Typed in"}
    assert (counts["Direct"]["held"], counts["Typed in"]["counting"]) == (None, None)

    stack.headwater("held", "switch", run["run"])
    assert channels(stack, site) == {"Typed in"}
    again = stack.headwater("held", "switch", run["run"], check=False)
    assert again.returncode == 2
    assert "counts already" in again.stderr
    stack.headwater("sites", "channels", site.site_id, "--none")
    restate(stack, site, DAY)


def listed(stack: Stack, *words: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(stack.headwater(*words, "--output", "json").stdout)
    return rows


def channels(stack: Stack, site: TestSite) -> set[str]:
    rows = rows_of(
        stack,
        f"SELECT channel FROM analytics.sessions WHERE site_id = '{site.site_id}' AND is_restated",
    )
    return {row["channel"] for row in rows}


def backfill(stack: Stack, site: TestSite, *words: str) -> tuple[list[dict[str, Any]], str]:
    """Run it over two months; return the plan and what it said beside it."""
    span = ("--site", site.site_id, "--from", "2026-02-15", "--to", "2026-03-15")
    done = stack.headwater("backfill", *span, *words, "--output", "json", timeout=400)
    return json.loads(done.stdout), done.stderr


def test_a_backfill_tells_its_plan_and_goes_on_where_it_stopped(
    stack: Stack, site: TestSite
) -> None:
    before = sessions(stack, site), totals(stack, site)
    planned = [
        {"from": "2026-03-01", "to": "2026-03-01", "days": 1, "restated_before": 1, "events": 4}
    ]
    plan, said = backfill(stack, site, "--dry-run")
    assert plan == planned
    assert "days: 1, events: 4, requests: 1; about" in said
    assert backfill(stack, site)[0] == planned
    assert (sessions(stack, site), totals(stack, site)) == before

    plan, said = backfill(stack, site)
    assert plan == []
    assert "days done by this command before: 1" in said
    assert backfill(stack, site, "--dry-run", "--again")[0] == planned
    assert backfill(stack, site, "--dry-run", "--table", "daily_site")[0] == []
    assert backfill(stack, site, "--dry-run", "--outdated")[0] == []
    assert stack.headwater("plan", "--site", site.site_id, "-o", "json").stdout.strip() == "[]"


def test_dagster_shows_the_tables_their_lineage_and_their_checks(
    stack: Stack, site: TestSite
) -> None:
    parents = {key["path"][-1] for key in asset(stack, "daily_site")["dependencyKeys"]}
    assert {"events", "sessions_restated"} <= parents
    assert all(check["blocking"] for check in checks_of(stack, "daily_site"))
    # A request is done when its days are switched; its run tells Dagster a moment later.
    stack.wait_until("checks that passed", lambda: verdicts(stack) == {"SUCCEEDED"})


def asset(stack: Stack, table: str) -> dict[str, Any]:
    """Return what Dagster's page shows of a table."""
    question = """{ assetNodes { assetKey { path } dependencyKeys { path }
        assetChecksOrError { ... on AssetChecks { checks { name blocking
        executionForLatestMaterialization { status } } } } } }"""
    status, answer = post(stack.url("dagster"), "/graphql", {"query": question})
    assert status == 200, json.dumps(answer)
    nodes: list[dict[str, Any]] = answer["data"]["assetNodes"]
    return next(node for node in nodes if node["assetKey"]["path"][-1] == table)


def checks_of(stack: Stack, table: str) -> list[dict[str, Any]]:
    checks: list[dict[str, Any]] = asset(stack, table)["assetChecksOrError"]["checks"]
    return checks


def verdicts(stack: Stack) -> set[str | None]:
    """Return what the checks of daily_site said last; None before they ever ran."""
    executions = [c["executionForLatestMaterialization"] for c in checks_of(stack, "daily_site")]
    return {execution["status"] if execution else None for execution in executions}


@pytest.mark.parametrize("table", TABLES)
def test_no_table_drags_its_past_along(stack: Stack, table: str) -> None:
    """Every commit rewrites the list of snapshots: 1 KB each (HEADWATER_TEST_HOME: a long run)."""
    with open_catalog(load_config(stack.environment).catalog) as iceberg:
        assert len(iceberg.load_table(("web", table)).metadata.snapshots) <= MAX_SNAPSHOTS
