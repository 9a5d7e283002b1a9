"""Runs that are held back: seen by nobody, compared with what counts, then switched to at once."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from pipelines.batch.errors import NotHeld
from pipelines.batch.held_runs.model import HeldRun, differences, held_runs, switch
from pipelines.batch.restate import Lake, restate
from pipelines.lake.compaction import purge
from tests.sql.rows import RUN, add_site, event, insert
from tests.sql.test_channels_restated import PARTNERS, set_rules

DAYS: Final = (date(2026, 3, 1), date(2026, 3, 2))
AT: Final = datetime(2026, 3, 1, 10, tzinfo=UTC)
ACME: Final = {"source": "acme", "medium": "referral", "channel": "Referral"}


@pytest.fixture
def site(lake: Lake, request: pytest.FixtureRequest) -> str:
    """Return a site of two restated days, a session of one origin on each."""
    name = f"{RUN}-held-{request.node.name}".lower().replace("_", "-")[:60]
    add_site(lake.trino, name)
    rows = [
        event(site_id=name, visitor_id=f"v{day}", event_at=AT + timedelta(days=day), **ACME)
        for day in (0, 1)
    ]
    insert(lake.trino, "events", rows)
    restate(lake, name, DAYS, "first")
    return name


def shown(lake: Lake, site: str, view: str = "daily_source") -> list[dict[str, Any]]:
    order = "ORDER BY local_date, channel"
    columns = "local_date, channel, session_count"
    return lake.trino.rows(
        f"SELECT {columns} FROM lake.analytics.{view} WHERE site_id = '{site}' {order}"
    )


def hold(lake: Lake, site: str) -> HeldRun:
    (run,) = restate(lake, site, DAYS, "held", is_held=True)
    return find(lake, run.run_id)


def find(lake: Lake, run_id: str, now: datetime | None = None) -> HeldRun:
    (found,) = held_runs(lake.trino, now or datetime.now(UTC), run_id=run_id)
    return found


def test_a_held_run_is_shown_to_nobody_before_the_switch(lake: Lake, site: str) -> None:
    before = shown(lake, site)
    set_rules(lake, site, [PARTNERS], 1)
    run = hold(lake, site)
    assert (run.state, run.first_date, run.last_date, run.day_count) == ("held", *DAYS, 2)
    assert shown(lake, site) == before

    found = differences(lake.trino, run, "daily_source", ["channel"])
    assert [
        (each.day, each.by, each.counting, each.held)
        for each in found
        if each.measure == "session_count"
    ] == [
        (day, (channel,), *counts)
        for day in DAYS
        for channel, counts in (
            ("Partners", (None, Decimal(1))),
            ("Referral", (Decimal(1), None)),
        )
    ]
    assert differences(lake.trino, run) == [], "totals of the days are as before"

    switch(lake.trino, run, datetime.now(UTC))
    assert {row["channel"] for row in shown(lake, site)} == {"Partners"}
    assert find(lake, run.run_id).state == "switched"
    with pytest.raises(NotHeld, match="counts already"):
        switch(lake.trino, find(lake, run.run_id), datetime.now(UTC))


def test_a_run_that_a_newer_one_overtook_is_not_switched_to(lake: Lake, site: str) -> None:
    run = hold(lake, site)
    restate(lake, site, DAYS[1:], "newer")
    overtaken = find(lake, run.run_id)
    assert overtaken.state == "overtaken"
    with pytest.raises(NotHeld, match="older than the run that counts"):
        switch(lake.trino, overtaken, datetime.now(UTC))


def test_a_held_run_is_purged_after_a_day_and_can_no_longer_count(lake: Lake, site: str) -> None:
    run = hold(lake, site)
    soon = datetime.now(UTC) + timedelta(hours=23)
    purge(lake.trino, "daily_source", "local_date", soon)
    assert differences(lake.trino, run, "daily_source") == []
    later = datetime.now(UTC) + timedelta(hours=25)
    purge(lake.trino, "daily_source", "local_date", later)
    assert differences(lake.trino, run, "daily_source") != []
    with pytest.raises(NotHeld, match="more than a day old"):
        switch(lake.trino, find(lake, run.run_id, later), later)


@pytest.mark.parametrize(
    ("table", "by", "fault"),
    [
        ("events", [], "'events' is no table of days"),
        ("daily_source", ["chanel"], "has no column 'chanel'"),
        ("daily_source", ["session_count"], "has no column 'session_count'"),
    ],
)
def test_what_cannot_be_compared_is_said(lake: Lake, table: str, by: list[str], fault: str) -> None:
    made_at = datetime.now(UTC)
    run = HeldRun("r", "nobody", DAYS[0], DAYS[1], 2, "held", made_at, "held")
    with pytest.raises(NotHeld, match=fault):
        differences(lake.trino, run, table, by)
