"""Whom a site erased: hidden at once, out of the numbers once their days are restated."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest

from pipelines.batch.erasures.model import record
from pipelines.batch.restate import Lake, due_days, newest_snapshot, restate
from pipelines.lake.persons import Person, count_rows
from tests.sql.rows import (
    RUN,
    TOPIC_ID,
    add_site,
    chunk,
    event,
    identity,
    insert,
    live_friction,
    live_session,
    open_session,
    webhook,
)

SITE: Final = f"{RUN}-erase"
OTHER: Final = f"{RUN}-erase-other"
DAY: Final = date(2026, 3, 1)
AT: Final = datetime(2026, 3, 1, 10, tzinfo=UTC)
LIVE: Final = datetime(2026, 3, 20, 10, tzinfo=UTC)  # a day that nobody restates
PURCHASE: Final = {"is_conversion": True, "revenue_amount": 5, "revenue_usd_amount": 5}
# View -> column of the visitor.
VIEWS: Final = {
    "events": "visitor_id",
    "page_views": "visitor_id",
    "conversions": "visitor_id",
    "revenue": "visitor_id",
    "sessions": "visitor_id",
    "visitors": "visitor_id",
    "friction": "visitor_id",
    "touchpoints": "visitor_id",
    "attribution": "visitor_id",
    "recordings": "visitor_id",
    "identity_calls": "visitor_id",
    "identities": "visitor_id",
    "person_visitors": "visitor_id",
    "visitor_periods": "visitor_id",
    "revenue_events": "visitor_id",
    "revenue_facts": "client_reference_id",
    "checkouts": "visitor_id",
    "session_pages": "visitor_id",
    "page_paths": "visitor_id",
    "conversion_page_paths": "visitor_id",
}
Ask = Callable[[str], list[dict[str, Any]]]


def rows_of(site: str, visitor: str, user: str, tag: str) -> dict[str, list[dict[str, Any]]]:
    """Return what the tables hold of a visitor who did everything; `tag` stands in other ids."""
    own = {"site_id": site, "visitor_id": visitor}
    shop = {**own, "user_id": user, "currency": "USD", **PURCHASE}
    paid = {"id": f"cs-{tag}-{site}", "mode": "payment", "payment_status": "paid",
            "amount_total": 500, "currency": "usd", "client_reference_id": visitor,
            "payment_intent": f"pi-{tag}-{site}"}  # fmt: skip
    told = {"type": "checkout.session.completed", "data": {"object": paid}}
    return {
        "events": [
            event(**own, event_at=AT),
            event(**own, event_at=AT + timedelta(minutes=1), event_name="checkout_started"),
            event(**shop, event_at=AT + timedelta(minutes=2), event_name="purchase"),
            event(**own, event_at=LIVE, event_name="checkout_started"),
            webhook("stripe", told, site_id=site, event_id=f"w-{tag}-{site}", event_at=AT),
        ],
        "sessions_closed": [
            live_session(**own, session_id=f"c-{tag}-{site}", started_at=LIVE, ended_at=LIVE)
        ],
        "session_progress": [
            open_session(
                **own,
                session_id=f"o-{tag}-{site}",
                started_at=LIVE + timedelta(hours=3),
                ended_at=LIVE + timedelta(hours=3),
            )
        ],
        "friction_live": [live_friction(**own, event_id=f"f-{tag}-{site}", event_at=LIVE)],
        "identities": [identity(**own, user_id=user, event_at=AT)],
        "recording_chunks": [
            {
                **chunk(site, f"r-{tag}-{site}", AT),
                "visitor_id": visitor,
                "storage_key": f"{site}/2026-03-01/s/r-{tag}/000000.json.gz",
            }
        ],
    }


@pytest.fixture(scope="module")
def ask(lake: Lake) -> Ask:
    for site in (SITE, OTHER):
        add_site(lake.trino, site)
        for visitor in ("gone", "stays"):
            for table, rows in rows_of(site, visitor, f"user-{visitor}", visitor).items():
                insert(lake.trino, table, rows)
        restate(lake, site, [DAY], "test")
    return lake.trino.rows


@pytest.fixture(scope="module")
def before(ask: Ask) -> dict[str, set[str]]:
    """Return whom each view of the site showed before anybody was erased."""
    return {view: shown(ask, view) for view in VIEWS}


@pytest.fixture(scope="module")
def erased(lake: Lake, before: dict[str, set[str]]) -> Ask:
    person = Person(SITE, ("gone",))
    record(lake.trino, 1, person, datetime.now(UTC), datetime.now(UTC))
    return lake.trino.rows


def shown(ask: Ask, view: str, site: str = SITE) -> set[str]:
    column = VIEWS[view]
    rows = ask(f"SELECT DISTINCT {column} AS v FROM lake.analytics.{view} WHERE site_id = '{site}'")
    return {row["v"] for row in rows if row["v"] is not None}


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_hides_the_erased_visitor_and_nobody_else(
    view: str, before: dict[str, set[str]], erased: Ask
) -> None:
    assert before[view] == {"gone", "stays"}
    assert shown(erased, view) == {"stays"}
    assert shown(erased, view, OTHER) == {"gone", "stays"}


def test_a_payment_stays_in_the_books_of_nobody(erased: Ask) -> None:
    rows = erased(
        "SELECT visitor_id, revenue_usd_amount AS usd FROM lake.analytics.revenue_events"
        f" WHERE site_id = '{SITE}' ORDER BY visitor_id"
    )
    assert [(row["visitor_id"], int(row["usd"])) for row in rows] == [("stays", 5), (None, 5)]


def test_events_after_the_offset_are_shown_and_what_comes_back_is_not(
    lake: Lake, erased: Ask
) -> None:
    """A replay brings records again at their old offsets."""
    again = event(site_id=SITE, visitor_id="gone", event_at=AT, event_id="again", topic_offset=1)
    later = event(site_id=SITE, visitor_id="gone", event_at=LIVE, event_id="later")
    insert(lake.trino, "events", [again, later])
    found = erased(
        "SELECT event_id FROM lake.analytics.events"
        f" WHERE site_id = '{SITE}' AND visitor_id = 'gone'"
    )
    assert [row["event_id"] for row in found] == ["later"]


def reasons(lake: Lake, site: str) -> dict[date, tuple[str, ...]]:
    snapshot = newest_snapshot(lake)
    assert snapshot is not None
    days = due_days(lake, snapshot, site)
    return {day.local_date: day.reasons for day in days if day.has_run}


def totals(ask: Ask, site: str) -> dict[str, Any]:
    (row,) = ask(
        "SELECT visitor_count, event_count, session_count, conversion_count, revenue_usd_amount"
        f" FROM lake.analytics.daily_site WHERE site_id = '{site}' AND local_date = DATE '{DAY}'"
    )
    return {name: int(value) for name, value in row.items()}


def test_days_with_them_are_restated_without_them(lake: Lake, erased: Ask) -> None:
    both = totals(erased, OTHER)
    assert totals(erased, SITE) == both
    assert both["visitor_count"] == 2
    assert "erased" in reasons(lake, SITE)[DAY]
    assert "erased" not in reasons(lake, OTHER).get(DAY, ())

    later = Lake(lake.trino, now=lambda: datetime.now(UTC) + timedelta(minutes=5),
                 pause=lake.pause, append=lake.append)  # fmt: skip
    (run,) = restate(later, SITE, [DAY], "erased")

    assert DAY not in reasons(lake, SITE)
    assert totals(erased, SITE) == {name: value // 2 for name, value in both.items()}
    for table in ("visitor_days", "sessions_restated", "conversions", "touchpoints", "attribution"):
        found = erased(
            f"SELECT DISTINCT visitor_id AS v FROM lake.web.{table}"
            f" WHERE site_id = '{SITE}' AND run_id = '{run.run_id}'"
        )
        assert [row["v"] for row in found] == ["stays"], table


def test_a_user_is_erased_on_shared_browsers_too_but_the_others_there_stay(lake: Lake) -> None:
    site = f"{RUN}-erase-user"
    add_site(lake.trino, site)
    kiosk, home = {"site_id": site, "visitor_id": "kiosk"}, {"site_id": site, "visitor_id": "home"}
    rows = [
        event(**kiosk, event_at=AT, user_id="ann"),
        event(**kiosk, event_at=AT + timedelta(hours=2), user_id="bob"),
        event(**home, event_at=AT),
        event(**home, event_at=AT + timedelta(minutes=1), user_id="ann"),
        event(site_id=site, event_at=AT, user_id="ann", sender="server"),
    ]
    insert(lake.trino, "events", rows)
    restate(lake, site, [DAY], "test")
    person = Person(site, ("home",), "ann")
    assert count_rows(lake.trino, person)["events"] == 4

    record(lake.trino, 2, person, datetime.now(UTC), datetime.now(UTC))

    found = lake.trino.rows(
        f"SELECT visitor_id, user_id FROM lake.analytics.events WHERE site_id = '{site}'"
    )
    assert found == [{"visitor_id": "kiosk", "user_id": "bob"}]
    assert "erased" in reasons(lake, site)[DAY]


def test_offsets_that_only_the_broker_knows_are_hidden_too(lake: Lake) -> None:
    site = f"{RUN}-erase-ends"
    add_site(lake.trino, site)
    person = Person(site, ("gone",))
    record(lake.trino, 3, person, datetime.now(UTC), datetime.now(UTC), {(TOPIC_ID, 0): 10_000_000})
    under_way = event(site_id=site, visitor_id="gone", event_at=AT, topic_offset=10_000_000)
    after = event(site_id=site, visitor_id="gone", event_at=AT, topic_offset=10_000_001)
    insert(lake.trino, "events", [under_way, after])
    found = lake.trino.rows(f"SELECT event_id FROM lake.analytics.events WHERE site_id = '{site}'")
    assert [row["event_id"] for row in found] == [after["event_id"]]
