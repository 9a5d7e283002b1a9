"""POST /e and GET /s.js: what the browser script sends and gets."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.load import RECORDS
from schemas.wire import problems
from tests.unit.ingest_edge.fakes import BOUND, NOW, PUB, Caller

VIEW = {
    "event_id": "e1", "event_name": "page_view", "client_at": NOW - 300, "seq": 0,
    "page_view_id": "p1", "page_url": "https://shop.example/x?gclid=abc#top", "page_title": "X",
    "referrer": "https://www.google.de/",
}  # fmt: skip
LEAVE = {**VIEW, "event_id": "e2", "event_name": "page_leave", "seq": 1, "engaged_ms": 4_200,
         "scroll_percent": 80}  # fmt: skip


def batch(*events: Any, **shared: Any) -> dict[str, Any]:
    return {
        "key": PUB, "sent_at": NOW, "visitor_id": "v1", "client_session_id": "s1",
        "screen_width_px": 1920, "viewport_height_px": 900, "language": "de",
        "library_name": "headwater.js", "events": list(events), **shared,
    }  # fmt: skip


def test_events_take_what_they_share_from_the_batch(edge: Caller) -> None:
    answer = edge.post("/e", batch(VIEW, LEAVE, is_new_visitor_hint=True), key=None)
    assert (answer.status_code, answer.json()) == (200, {"accepted": 2, "dropped": []})
    view, leave = edge.events()
    assert problems(RECORDS["event"], view) == problems(RECORDS["event"], leave) == []
    expected = {
        "visitor_id": "v1", "client_session_id": "s1", "screen_width_px": 1920, "language": "de",
        "is_new_visitor_hint": True, "page_view_id": "p1", "page_path": "/x", "seq": 0,
        "click_id_kind": "gclid", "click_id": "abc", "channel": "Paid Search",
        "referrer_host": "www.google.de", "sender": "browser",
    }  # fmt: skip
    assert {name: view.get(name) for name in expected} == expected
    assert (leave["engaged_ms"], leave["scroll_percent"]) == (4_200, 80)


def test_refused_events_are_named_and_the_others_kept(edge: Caller) -> None:
    answer = edge.post("/e", batch(VIEW, {**VIEW, "scroll_percent": -1}), key=None)
    assert (answer.status_code, answer.headers["x-dropped"]) == (207, "1")
    assert answer.json()["dropped"][0]["loc"] == "events[1].scroll_percent"


def test_campaign_of_the_landing_page_counts_where_the_page_cleaned_its_address(
    edge: Caller,
) -> None:
    landing = "https://shop.example/?utm_source=news&utm_medium=email&utm_campaign=may"
    clean = {**VIEW, "page_url": "https://shop.example/clean", "referrer": ""}
    edge.post("/e", batch(clean, landing_url=landing), key=None)
    (event,) = edge.events()
    assert (event["channel"], event["campaign"]) == ("Email", "may")
    assert (event["page_path"], event.get("page_search")) == ("/clean", None)


def test_batch_without_visitor_is_refused(edge: Caller) -> None:
    answer = edge.post("/e", batch(VIEW, visitor_id=None), key=None)
    assert (answer.status_code, answer.json()["code"]) == (400, "missing_visitor")


@pytest.mark.parametrize(("field", "reason"), [("is_gpc", "gpc"), ("is_dnt", "dnt")])
def test_wish_not_to_be_counted_in_the_body(edge: Caller, field: str, reason: str) -> None:
    answer = edge.post("/e", batch(VIEW, **{field: True}), key=None)
    assert (answer.headers["x-dropped"], edge.sink.records) == (reason, [])


def test_driven_browser_is_tagged_and_kept(edge: Caller) -> None:
    edge.post("/e", batch(VIEW, is_webdriver=True), key=None)
    (event,) = edge.events()
    assert (event["is_bot"], event["bot_reasons"], event["device"]) == (True, "webdriver", "bot")


def test_pages_of_the_site_itself_and_of_payment_are_no_referrers(edge: Caller) -> None:
    urls = ("https://shop.example/cart", "https://checkout.stripe.com/c/pay", "")
    edge.post("/e", batch(*[{**VIEW, "page_url": "https://shop.example/", "referrer": url}
                            for url in urls]), key=None)  # fmt: skip
    for event in edge.events():
        assert ("referrer_host" in event, event["channel"]) == (False, "Direct")


def test_preflight_permits_hosts_that_some_site_lists(edge: Caller) -> None:
    edge.app.edge.keys.ring = type(edge.app.edge.keys.ring)(known_hosts=frozenset({"shop.example"}))
    good = edge.request("OPTIONS", "/e", headers={"origin": "https://shop.example"}, key=None)
    bad = edge.request("OPTIONS", "/e", headers={"origin": "https://evil.example"}, key=None)
    assert (good.status_code, bad.status_code) == (204, 204)
    assert good.headers["access-control-allow-origin"] == "https://shop.example"
    assert "access-control-allow-origin" not in bad.headers


def test_script_carries_the_key_and_is_not_sent_twice(
    edge: Caller, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    built = tmp_path / "s.js"
    built.write_text("built()")
    monkeypatch.setattr("ingest_edge.config.Config.tracker_file", built)
    answer = edge.request("GET", f"/s.js?k={BOUND}", key=None)
    head, script = answer.text.split(";\n")
    assert json.loads(head.removeprefix("(()=>{var __headwater="))["key"] == BOUND
    assert script == "built()})();"
    (tmp_path / "more.js").write_text("more()")
    second = edge.request("GET", f"/s.js?k={BOUND}&part=more", key=None)
    assert second.text == "(()=>{more()})();"
    tag = {"if-none-match": answer.headers["etag"]}
    assert edge.request("GET", f"/s.js?k={BOUND}", key=None, headers=tag).status_code == 304


def test_client_hints_are_read(edge: Caller) -> None:
    headers = {
        "user-agent": "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0.0.0",
        "sec-ch-ua": '"Chromium";v="130", "Brave";v="130"', "sec-ch-ua-platform": '"Windows"',
        "sec-ch-ua-platform-version": '"15.0.0"', "sec-ch-ua-mobile": "?0",
    }  # fmt: skip
    edge.post("/e", batch(VIEW), key=None, headers=headers)
    edge.post("/v1/batch", {"batch": [{"type": "page", "anonymousId": "v"}]}, headers=headers)
    seen = [(event["browser"], event["os"], event["os_version"]) for event in edge.events()]
    assert seen == [("Brave", "Windows", "11")] * 2
