"""The one pass of fast.py makes the records that the plain path makes, of whatever comes."""

from dataclasses import replace
from typing import Any
from unittest import mock

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.ingest_edge.fakes import (
    BOUND,
    CLIENT,
    FIREFOX,
    NOW,
    PUB,
    SEC,
    Caller,
    make_caller,
)

LAW = settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
URLS = st.sampled_from([
    "https://shop.example/a?utm_source=google&utm_medium=cpc",
    "https://shop.example/b?gclid=1",
    "https://other.example/",
    f"https://shop.example/?utm_source={CLIENT}",
    "https://shop.example/?utm_source=%32%30%33.0.113.9",
    "", "::", "/plain",
])  # fmt: skip
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ODD = st.none() | st.booleans() | st.integers(-5, 2**40) | TEXT
PROPERTIES = (
    st.dictionaries(st.sampled_from(["a", "ip", "$ip", "é", "x"]), ODD | st.just({"ip": "9"}))
    | st.none()
    | ODD
)
EVENT = st.fixed_dictionaries(
    {"event_name": st.sampled_from(["page_view", "order", "sign_up", " x ", " ", "click"]) | TEXT},
    optional={
        "event_id": TEXT, "client_at": st.integers(NOW - 10**9, NOW + 10**5) | ODD,
        "seq": st.integers(0, 9), "page_view_id": TEXT, "page_url": URLS, "page_title": TEXT,
        "referrer": st.sampled_from(["https://www.google.com/", "https://shop.example/", "", "["]),
        "engaged_ms": st.integers(0, 9) | ODD, "scroll_percent": st.integers(0, 100),
        "click_target": TEXT, "click_x_px": st.integers(-9, 9), "is_conversion": st.booleans(),
        "is_interactive": st.booleans(), "revenue_amount": st.just("12.5"), "currency": TEXT,
        "properties": PROPERTIES,
    },
)  # fmt: skip
USUAL = st.fixed_dictionaries(
    {
        "event_name": st.sampled_from(["page_view", "order", "sign_up"]),
        "event_id": st.uuids().map(str),
    },
    optional={
        "client_at": st.integers(NOW - 4 * 10**8, NOW + 10**4), "page_url": URLS,
        "referrer": st.sampled_from(["https://www.google.com/", "https://shop.example/"]),
        "properties": st.dictionaries(st.sampled_from(["a", "b"]), ODD),
        "is_conversion": st.booleans(), "is_interactive": st.booleans(), "page_title": TEXT,
    },
)  # fmt: skip
SHARED = st.fixed_dictionaries(
    {},
    optional={
        "visitor_id": st.sampled_from(["v", "é", CLIENT]), "user_id": TEXT,
        "sent_at": st.integers(NOW - 10**6, NOW + 10**6), "landing_url": URLS, "language": TEXT,
        "is_cookieless": st.booleans(), "consent": st.sampled_from(["granted", "denied", "odd"]),
        "is_webdriver": st.booleans(), "is_gpc": st.sampled_from([False, False, True]),
        "is_dnt": st.sampled_from([False, False, True]),
    },
)  # fmt: skip
# Who sends is remembered by the headers: each must count.
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "user-agent": st.sampled_from([FIREFOX, "curl/8", ""]),
        "origin": st.sampled_from(["https://shop.example", "https://evil.example"]),
        "content-type": st.sampled_from(["application/json", "text/plain", "image/png"]),
        "accept-language": st.just("de"), "dnt": st.sampled_from(["0", "1"]),
        "sec-gpc": st.sampled_from(["0", "1"]), "sec-ch-ua-mobile": st.sampled_from(["?0", "?1"]),
        "sec-ch-ua-platform": st.just('"Android"'), "sec-ch-ua": st.just('"Brave";v="130"'),
        "sec-ch-ua-platform-version": st.sampled_from(['"15"', '"9"']),
    },
)  # fmt: skip


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Caller:
    return make_caller(tmp_path_factory.mktemp("edge"))


def outcome(
    edge: Caller, body: dict[str, Any], key: str, headers: dict[str, str]
) -> tuple[Any, ...]:
    """Return answer and records of one post."""
    edge.sink.records.clear()
    answer = edge.post("/e", body, key=key, headers=headers)
    records = [(r.topic, r.key, msgspec.json.decode(r.value), r.at) for r in edge.sink.records]
    said = answer.json()
    said.pop("request_id", None)
    own = {"content-length", "x-request-id", "connection"}
    shown = sorted(item for item in answer.headers.items() if item[0] not in own)
    return answer.status_code, said, shown, records


@LAW
@given(
    events=st.lists(USUAL, min_size=1, max_size=4) | st.lists(EVENT, max_size=4),
    shared=SHARED,
    key=st.sampled_from([PUB, PUB, SEC, BOUND, "hw_pub_nobody"]),
    headers=HEADERS,
)
def test_one_pass_and_the_plain_path_agree(
    edge: Caller, events: list[Any], shared: dict[str, Any], key: str, headers: dict[str, str]
) -> None:
    body = {**shared, "events": events}
    found = outcome(edge, body, key, headers)
    assert outcome(replace(edge, is_fast=False), body, key, headers) == found


def test_the_usual_batch_takes_the_one_pass(edge: Caller) -> None:
    event = {"event_name": "page_view", "event_id": "1", "properties": {"a": "é"}}
    with mock.patch.object(edge.app, "answer") as plain:
        edge.post("/e", {"visitor_id": "v", "events": [event, {**event, "event_id": "2"}]})
    assert plain.call_count == 0
    assert len(edge.sink.records) >= 2


USUAL_BODY = {"visitor_id": "v", "events": [{"event_name": "page_view", "event_id": "1"}]}
USUAL_HEADERS = {
    "origin": "https://shop.example", "sec-ch-ua": '"Brave";v="1"', "sec-ch-ua-mobile": "?0",
    "sec-ch-ua-platform": '"Windows"', "sec-ch-ua-platform-version": '"15"',
    "user-agent": "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0.0.0",
}  # fmt: skip


@pytest.mark.parametrize(
    "changed",
    [
        {"origin": "https://evil.example"}, {"sec-ch-ua": '"Brave";v="2"'}, {"dnt": "1"},
        {"sec-ch-ua-platform-version": '"9"'}, {"sec-ch-ua-platform": '"Android"'},
        {"user-agent": "curl/8"}, {"sec-gpc": "1"}, {"content-type": "image/png"},
        {"content-encoding": "gzip"}, {"authorization": "Bearer hw_pub_nobody"}, {},
        {"sec-ch-ua": "", "sec-ch-ua-platform": '"Android"', "sec-ch-ua-mobile": "?1"},
    ],
    ids=str,
)  # fmt: skip
def test_whoever_was_seen_before_another_is_another(edge: Caller, changed: dict[str, str]) -> None:
    for body in (USUAL_BODY, {**USUAL_BODY, "is_webdriver": True}):
        outcome(edge, USUAL_BODY, BOUND, USUAL_HEADERS)
        found = outcome(edge, body, BOUND, USUAL_HEADERS | changed)
        plain = outcome(replace(edge, is_fast=False), body, BOUND, USUAL_HEADERS | changed)
        assert found == plain
