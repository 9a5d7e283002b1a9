"""What browsers, servers and importers send is in the views that analysts use, each thing once."""

import base64
import time
import uuid
from typing import Any, Final

import pytest

from tests.integration.commands import post
from tests.integration.stack import Stack, TestSite

SECONDS: Final = 120  # a checkpoint on a crowded machine


@pytest.fixture(scope="module")
def site(stack: Stack) -> TestSite:
    return stack.make_site(f"views-{uuid.uuid4().hex[:8]}")


def tracked(stack: Stack, site: TestSite, *events: dict[str, Any], **shared: Any) -> None:
    """Post a tracker's batch; all of it must be taken."""
    now = int(time.time() * 1000)
    batch = {"key": site.write_key, "visitor_id": "v1", "sent_at": now, **shared}
    own = {"client_at": now, "page_url": "https://shop.example/cart", "page_view_id": "pv1"}
    sent = {**batch, "events": [{**own, **event} for event in events]}
    status, answer = post(stack.url("edge"), "/e", sent)
    assert (status, answer.get("dropped", [])) == (200, []), answer


def called(stack: Stack, key: str, *messages: dict[str, Any], **batch: Any) -> None:
    """Post messages of Segment's format; all of them must be taken."""
    basic = base64.b64encode(f"{key}:".encode()).decode()
    headers = {"Authorization": f"Basic {basic}"}
    status, answer = post(
        stack.url("edge"), "/v1/batch", {**batch, "batch": list(messages)}, headers
    )
    assert (status, answer.get("dropped", [])) == (200, []), answer


def test_who_said_who_they_are(stack: Stack, site: TestSite) -> None:
    identify = {"event_name": "identify", "event_id": "i1", "properties": {"plan": "pro"}}
    tracked(stack, site, {"event_name": "page_view", "event_id": "p1"})
    for _ in range(2):  # once more, as a browser does that heard no answer
        tracked(stack, site, identify, user_id="ann")
    imported = {"type": "identify", "anonymousId": "v2", "userId": "ann", "messageId": "i2"}
    called(stack, site.secret_key, {**imported, "timestamp": "2024-05-01T10:00:00Z"}, history=True)
    called(
        stack,
        site.secret_key,
        {"type": "alias", "userId": "ann", "previousId": "old-ann", "messageId": "a1"},
        {"type": "group", "userId": "ann", "groupId": "acme", "messageId": "g1"},
    )
    said = (
        "SELECT kind, event_id, visitor_id, user_id, previous_id, group_id FROM web.identities"
        f" WHERE site_id = '{site.site_id}' ORDER BY event_id"
    )

    def all_of_it() -> list[tuple[Any, ...]] | None:
        rows = stack.sql(said)
        return rows if len(rows) >= 4 else None

    assert stack.wait_until("identities", all_of_it, SECONDS) == [
        ("alias", "a1", None, "ann", "old-ann", None),
        ("group", "g1", None, "ann", None, "acme"),
        ("identify", "i1", "v1", "ann", None, None),
        ("identify", "i2", "v2", "ann", None, None),
    ]
    where = f"WHERE site_id = '{site.site_id}'"
    users = stack.sql(
        "SELECT user_id, visitor_count, event_count, page_view_count, year(first_seen_at)"
        f" FROM analytics.users {where}"
    )
    assert users == [("ann", 2, 5, 1, 2024)]
    pairs = stack.sql(f"SELECT visitor_id, visitor_user_count FROM analytics.identities {where}")
    assert sorted(pairs) == [("v1", 1), ("v2", 1)]


def test_how_fast_the_page_was(stack: Stack, site: TestSite) -> None:
    measured = {"lcp_ms": 2600, "cls": 0.02, "ttfb_ms": 90}
    tracked(stack, site, {"event_name": "web_vitals", "event_id": "w1", "properties": measured})
    query = (
        "SELECT vital, value, rating, page_path FROM analytics.web_vitals"
        f" WHERE site_id = '{site.site_id}' ORDER BY vital"
    )
    assert stack.wait_until("vitals", lambda: stack.sql(query), SECONDS) == [
        ("cls", 0.02, "good", "/cart"),
        ("lcp", 2600.0, "needs_improvement", "/cart"),
        ("ttfb", 90.0, "good", "/cart"),
    ]
