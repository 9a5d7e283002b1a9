"""/api/collect, /api/collect/heatmap and /api/track/events, from the request to the record."""

import json
from typing import Any

import pytest

from ingest_edge.keys import ring_of
from tests.unit.ingest_edge.fakes import BOUND, NOW, PUB, SEC, Caller, site_row

PAGE = {"origin": "https://shop.example", "x-site-id": "bound", "x-visitor-id": "v"}
FUNNEL = {"x-api-key": PUB, "x-funnel-id": "shop"}
CLICK = {"type": "click", "x": 500.4, "y": 900, "selector": "button#buy", "url": "https://x.y/a"}


def collect(edge: Caller, *events: Any, path: str = "/api/collect", **fields: Any) -> Any:
    """Send events from a page of the site `bound`."""
    return edge.post(path, {"events": list(events), **fields}, key=None, headers=PAGE)


def track(edge: Caller, *events: Any, headers: dict[str, str] = FUNNEL, **fields: Any) -> Any:
    body = {"visitor": {"id": "v"}, **fields, "events": list(events)}
    return edge.post("/api/track/events", body, key=None, headers=headers)


def test_event_of_a_page_without_a_key(edge: Caller) -> None:
    context = {
        "page": {"url": "https://shop.example/a", "title": "A", "referrer": ""},
        "utm": {"source": "news", "medium": "email"},
        "user": {"userId": 7},
        "session": {"id": "s1"},
        "device": {
            "screen": {"width": 1920, "height": 1080},
            "language": "de",
            "memory": 8,
        },
        "library": {"name": "sdk", "version": "1"},
    }
    event = {"name": "bought", "id": "e1", "timestamp": NOW - 5, "properties": {"a": 1}, "extra": 2}
    answer = collect(edge, {**event, "context": context}, sent_at=NOW, visitor={"is_new": True})
    assert (answer.status_code, answer.json()) == (200, {"accepted": 1, "dropped": []})
    (kept,) = edge.events()
    expected = {
        "site_id": "bound", "event_id": "e1", "event_name": "bought", "visitor_id": "v",
        "user_id": "7", "client_session_id": "s1", "client_at": NOW - 5, "page_path": "/a",
        "page_title": "A", "utm_source": "news", "channel": "Email", "screen_width_px": 1920,
        "language": "de", "library_name": "sdk", "is_new_visitor_hint": True, "sender": "browser",
    }  # fmt: skip
    assert {name: kept[name] for name in expected} == expected
    assert json.loads(kept["properties"]) == {
        "a": 1, "extra": 2, "context": {"device": {"memory": 8}},
    }  # fmt: skip


def test_people_of_the_batch_and_of_an_event(edge: Caller) -> None:
    visitor, session = {"id": "v1", "user_id": "u1"}, {"id": "s1"}
    other = {"name": "x", "visitor_id": "v2", "session_id": "s2"}
    collect(edge, {"name": "x"}, other, visitor=visitor, session=session)
    who = [(e["visitor_id"], e["user_id"], e["client_session_id"]) for e in edge.events()]
    assert who == [("v1", "u1", "s1"), ("v2", "u1", "s2")]


def test_money_counts_for_conversions_only(edge: Caller) -> None:
    sold = {"name": "sold", "value": 9.5, "currency": "eur", "is_conversion": True}
    collect(edge, sold, {"name": "rated", "value": 4})
    first, second = edge.events()
    assert (first["revenue_amount"], first["currency"]) == ("9.5000", "EUR")
    assert ("revenue_amount" in second, second["properties"]) == (False, '{"value":4}')


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"origin": "https://evil.example"}, 403, "foreign_origin"),
        ({"origin": ""}, 403, "foreign_origin"),
        ({"x-site-id": "nobody"}, 401, "unknown_site"),
        # An open site takes events of any host, so a host proves nothing.
        ({"x-site-id": "shop"}, 403, "foreign_origin"),
        ({"x-site-id": "shop", "x-api-key": BOUND}, 403, "wrong_site"),
        ({"x-api-key": BOUND}, 200, ""),
    ],
)
def test_who_may_write_to_a_site(
    edge: Caller, headers: dict[str, str], status: int, code: str
) -> None:
    body = {"events": [{"name": "x"}]}
    answer = edge.post("/api/collect", body, key=None, headers={**PAGE, **headers})
    assert (answer.status_code, answer.json().get("code", "")) == (status, code)


def test_no_site_and_no_key(edge: Caller) -> None:
    assert edge.post("/api/collect", {"events": []}, key=None).json()["code"] == "missing_key"


def test_refusals_name_their_place(edge: Caller) -> None:
    wrong = [5, {}, {"name": "x", "x": "left"}, {"name": "x", "context": {"page": 5}}]
    answer = collect(edge, {"name": "x"}, *wrong)
    assert (answer.status_code, answer.headers["x-dropped"]) == (207, "4")
    assert [item["loc"] for item in answer.json()["dropped"]] == [
        "events[1]", "events[2].name", "events[3].x", "events[4].context.page",
    ]  # fmt: skip
    assert len(edge.sink.values("rejected-events")) == 4
    problem = collect(edge, *wrong).json()
    assert problem["errors"][1]["loc"] == "events[1].name"
    place = collect(edge, visitor={"id": {}}).json()["errors"][0]["loc"]
    assert place == "body.visitor.id"


def test_heatmap_takes_clicks_moves_and_depths(edge: Caller) -> None:
    depth = {"type": "scroll_depth", "scroll_percent": 75}
    move = {"type": "move", "url": "https://x.y/a", "x_permille": 500, "y_px": 20}
    scroll = {"type": "scroll", "url": "https://x.y/a", "scroll_percent": 40}
    points = (CLICK, depth, move, scroll, {"type": "zoom"})
    answer = collect(edge, *points, path="/api/collect/heatmap")
    assert (answer.status_code, answer.json()["accepted"]) == (207, 4)
    assert [item["loc"] for item in answer.json()["dropped"]] == ["events[4].type"]
    click, seen = edge.events()
    assert (click["event_name"], click["click_x_px"], click["click_target"]) == (
        "click", 500, "button#buy",
    )  # fmt: skip
    assert (seen["event_name"], seen["scroll_percent"]) == ("scroll_depth", 75)
    assert click["is_interactive"] is seen["is_interactive"] is False
    moved, scrolled = edge.sink.values("pointers")
    assert (moved["points"], moved["page_path"], moved["visitor_id"]) == ("500,20", "/a", "v")
    assert (scrolled["scroll_percent"], "points" in scrolled) == (40, False)


def test_breakdown_counts_what_was_processed(edge: Caller) -> None:
    names = ["rage_click", "js_error", "click", "web_vitals", "bought"]
    moves = {"type": "pointer_moves", "url": "https://x.y/a", "properties": {"points": [[0, 1, 2]]}}
    answer = track(edge, *[{"type": name} for name in names], {"type": ""}, moves)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["success"], told["processed"]) == (True, 6)
    assert told["breakdown"] == {"friction": 2, "heatmap": 2, "performance": 1}
    assert told["dropped"][0]["loc"] == "events[5].name"


def test_older_header_names_and_the_time_of_the_batch(edge: Caller) -> None:
    older = {"X-Aurea-API-Key": PUB, "X-Aurea-Funnel-ID": "shop"}
    sent = {"batch": {"sent_at": NOW - 60_000}}
    assert track(edge, {"name": "x", "timestamp": NOW - 60_000}, headers=older, **sent).is_success
    # The sender's clock is a minute behind.
    assert edge.events()[0]["event_at"] == NOW
    wrong = {**older, "X-Aurea-Funnel-ID": "bound"}
    assert track(edge, {"name": "x"}, headers=wrong).json()["code"] == "wrong_site"


def test_address_is_believed_of_a_secret_key_only_and_kept_never(edge: Caller) -> None:
    one = {"name": "x", "context": {"ip": "81.2.69.142", "device": {"ua": "curl/8.0"}}}
    for key in (PUB, SEC):
        assert track(edge, one, {"name": ""}, headers={"x-api-key": key}).status_code == 200
    assert "81.2.69.142" not in str(edge.sink.records)
    assert [event["sender"] for event in edge.events()] == ["browser", "server"]


def test_preflight_of_a_site_without_keys(edge: Caller) -> None:
    ring = ring_of([site_row("keyless", allowed_hosts=["*.keyless.example"])], [])
    edge.app.edge.keys.ring = ring
    headers = {"origin": "https://www.keyless.example", "x-site-id": "keyless", "x-visitor-id": "v"}
    asked = edge.request("OPTIONS", "/api/collect", headers=headers, key=None)
    assert asked.headers["access-control-allow-origin"] == headers["origin"]
    assert "x-aurea-funnel-id" in asked.headers["access-control-allow-headers"].lower()
    body = {"events": [{"name": "x"}]}
    assert edge.post("/api/collect", body, key=None, headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/api/collect", "/api/collect/heatmap", "/api/track/events"])
def test_privacy_signals_leave_nothing(edge: Caller, path: str) -> None:
    answer = edge.post(path, {"events": [CLICK]}, headers={"sec-gpc": "1"})
    assert (answer.status_code, answer.headers["x-dropped"]) == (200, "gpc")
    assert edge.sink.records == []
