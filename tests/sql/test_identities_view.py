"""Who is who: pairs as the site told them, and users with what they did before they were known."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from pipelines.batch.restate import Lake
from tests.sql.rows import RUN, event, identity, insert

AT: Final = datetime(2026, 3, 7, 10, tzinfo=UTC)


def minutes(count: int) -> datetime:
    return AT + timedelta(minutes=count)


def surplus(row: dict[str, Any]) -> dict[str, Any]:
    """Return the row of web.surplus_events that leaves a row out."""
    names = ("site_id", "event_id", "topic_id", "topic_partition", "topic_offset", "event_at")
    return {**{name: row[name] for name in names}, "run_id": "r"}


def test_a_pair_is_told_once_and_a_shared_browser_is_seen(lake: Lake) -> None:
    site = f"{RUN}-pairs"
    said = [("v1", "ann", 0), ("v1", "ann", 9), ("v1", "ann", 20), ("v2", "ann", 3)]
    said += [("shared", "ann", 4), ("shared", "bob", 5)]
    rows = [
        identity(site_id=site, visitor_id=visitor, user_id=user, event_at=minutes(at))
        for visitor, user, at in said
    ]
    other = {"site_id": site, "visitor_id": "v1", "event_at": minutes(30)}
    rows += [
        identity(kind="alias", user_id="zoe", previous_id="ann", **other),
        identity(kind="group", user_id="ann", group_id="acme", **other),
    ]
    insert(lake.trino, "identities", rows)
    insert(lake.trino, "surplus_events", [surplus(rows[2])])
    found = lake.trino.rows(
        "SELECT visitor_id, user_id, first_identified_at, last_identified_at, identify_count,"
        f" visitor_user_count FROM lake.analytics.identities WHERE site_id = '{site}'"
        " ORDER BY visitor_id, user_id"
    )
    assert [tuple(row.values()) for row in found] == [
        ("shared", "ann", minutes(4), minutes(4), 1, 2),
        ("shared", "bob", minutes(5), minutes(5), 1, 2),
        ("v1", "ann", minutes(0), minutes(9), 2, 1),
        ("v2", "ann", minutes(3), minutes(3), 1, 1),
    ]


def test_a_user_has_what_their_visitors_did_before(lake: Lake) -> None:
    site = f"{RUN}-users"

    def act(at: int, visitor: str | None, user: str | None = None, **more: Any) -> dict[str, Any]:
        own = {"site_id": site, "visitor_id": visitor, "user_id": user, "event_at": minutes(at)}
        return event(**own, **more)

    paid = {"is_conversion": True, "revenue_amount": 5, "revenue_usd_amount": 5, "currency": "USD"}
    rows = [
        act(0, "laptop"),
        act(1, "laptop", "ann", event_name="identify"),
        act(2, "laptop"),
        act(3, "phone"),
        act(4, "phone", "ann", event_name="identify"),
        # Two people, one browser: what nobody signed belongs to nobody.
        act(-9, "shared"),
        act(5, "shared", "ann"),
        act(6, "shared", "bob"),
        act(7, "shared"),
        # A server knows the user and no visitor.
        act(8, None, "bob", sender="server", event_name="purchase", **paid),
        act(9, "nobody"),
    ]
    insert(lake.trino, "events", rows)
    found = lake.trino.rows(
        f"SELECT * FROM lake.analytics.users WHERE site_id = '{site}' ORDER BY user_id"
    )
    assert [tuple(row.values())[1:] for row in found] == [
        ("ann", minutes(0), minutes(1), minutes(5), 3, 6, 4, 0, Decimal(0)),
        ("bob", minutes(6), minutes(6), minutes(8), 1, 2, 1, 1, Decimal(5)),
    ]
