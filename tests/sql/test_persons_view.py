"""Persons: browsers of one user are one; nobody is merged whom the site has not named alone."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from pipelines.batch.restate import Lake
from schemas.display_name import display_name
from tests.sql.rows import RUN, event, identity, insert, live_session

SITE: Final = f"{RUN}-persons"
AT: Final = datetime(2026, 3, 7, 10, tzinfo=UTC)
Row = dict[str, Any]


def call(at: int, visitor: str, user: str | None, **more: Any) -> Row:
    own = {"site_id": SITE, "visitor_id": visitor, "user_id": user}
    return identity(event_at=AT + timedelta(minutes=at), **own, **more)


CALLS: Final = [
    call(0, "laptop", "ann"),
    call(5, "laptop", "ann"),
    call(1, "phone", "ann"),
    # A server says that an old id, of before the tracker, is Ann.
    call(2, "server", "ann", kind="alias", previous_id="tablet"),
    # Two people on one browser, and two users that somebody would make one.
    call(3, "kiosk", "ann"),
    call(4, "kiosk", "bob"),
    call(6, "desk", "bob"),
    call(7, "desk", "bob", kind="alias", previous_id="ann"),
    # A site that has one id for both; somebody is of a group.
    call(8, "self", "self"),
    call(9, "grouped", "ann", kind="group", group_id="acme"),
]
# Visitor -> sessions of one event, by their minutes.
VISITS: Final = {
    "laptop": [0, 50], "phone": [100], "tablet": [-60], "kiosk": [10], "desk": [20],
    "self": [30], "grouped": [40], "nobody": [70],
}  # fmt: skip


@pytest.fixture(scope="module")
def known(lake: Lake) -> Lake:
    insert(lake.trino, "identities", CALLS)
    insert(lake.trino, "sessions_closed", [s for visitor in VISITS for s in sessions(visitor)])
    visits = [(visitor, minute) for visitor, times in VISITS.items() for minute in times]
    insert(lake.trino, "events", [seen(visitor, minute) for visitor, minute in visits])
    return lake


def seen(visitor: str, minute: int) -> Row:
    return event(site_id=SITE, visitor_id=visitor, event_at=AT + timedelta(minutes=minute))


def sessions(visitor: str) -> list[Row]:
    found = []
    for at in (AT + timedelta(minutes=minute) for minute in VISITS[visitor]):
        own = {"site_id": SITE, "visitor_id": visitor, "session_id": f"{visitor}/{at}"}
        money = {"conversion_count": 1, "revenue_usd_amount": Decimal(5), "page_view_count": 1}
        found.append(live_session(started_at=at, ended_at=at, **own, **money))
    return found


def told(lake: Lake, view: str) -> list[Row]:
    return lake.trino.rows(f"SELECT * FROM lake.analytics.{view} WHERE site_id = '{SITE}'")


def test_browsers_of_one_user_are_one_person(known: Lake) -> None:
    found = {row["person_id"]: row for row in told(known, "persons")}
    assert found.keys() == {"ann", "kiosk", "bob", "self", "grouped", "nobody"}
    assert {name for name, row in found.items() if row["is_known"]} == {"ann", "bob", "self"}
    ann = found["ann"]
    assert (ann["visitor_count"], ann["session_count"], ann["conversion_count"]) == (3, 4, 4)
    assert (ann["page_view_count"], ann["revenue_usd_amount"]) == (4, Decimal(20))
    assert ann["first_seen_at"] == AT - timedelta(minutes=60)
    assert ann["last_seen_at"] == AT + timedelta(minutes=100)


def test_everybody_has_a_name_that_python_gives_them_too(known: Lake) -> None:
    found = {row["person_id"]: row["display_name"] for row in told(known, "persons")}
    assert found == {person_id: display_name(person_id) for person_id in found}
    assert len(set(found.values())) > 4


def test_who_cannot_be_merged_is_reported(known: Lake) -> None:
    rows = told(known, "identity_conflicts")
    assert {(row["visitor_id"], row["user_id"], row["reason"]) for row in rows} == {
        ("kiosk", "ann", "shared"),
        ("kiosk", "bob", "shared"),
        ("ann", "bob", "two_users"),
    }


def test_a_merge_changes_persons_of_a_day_and_no_visitors(known: Lake) -> None:
    (day,) = told(known, "daily_persons")
    assert (day["visitor_count"], day["person_count"], day["known_person_count"]) == (8, 6, 3)


def test_a_merge_can_be_undone(known: Lake) -> None:
    """Facts decide: when somebody else is named on the tablet, it parts from Ann."""
    insert(known.trino, "identities", [call(99, "tablet", "zoe")])
    found = {row["person_id"]: row["visitor_count"] for row in told(known, "persons")}
    assert (found["ann"], found["tablet"]) == (2, 1)
    merged = {row["visitor_id"] for row in told(known, "person_visitors")}
    assert merged == {"laptop", "phone", "desk", "self"}
