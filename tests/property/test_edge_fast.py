"""The one pass of fast.py makes the records that the plain path makes, of whatever comes."""

from typing import Any
from unittest import mock

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest_edge import fast
from ingest_edge.routes import own
from tests.unit.ingest_edge.fakes import CLIENT, NOW, PUB, SEC, Caller, make_caller

LAW = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
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
    },
)  # fmt: skip


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Caller:
    return make_caller(tmp_path_factory.mktemp("edge"))


def outcome(edge: Caller, body: dict[str, Any], key: str) -> tuple[Any, ...]:
    """Return answer and records of one post."""
    edge.sink.records.clear()
    answer = edge.post("/e", body, key=key)
    records = [(r.topic, r.key, msgspec.json.decode(r.value), r.at) for r in edge.sink.records]
    said = answer.json()
    said.pop("request_id", None)
    return answer.status_code, said, answer.headers.get("x-dropped"), records


@LAW
@given(
    events=st.lists(USUAL, min_size=1, max_size=4) | st.lists(EVENT, max_size=4),
    shared=SHARED,
    key=st.sampled_from([PUB, SEC]),
)
def test_one_pass_and_the_plain_path_agree(
    edge: Caller, events: list[Any], shared: dict[str, Any], key: str
) -> None:
    body = {**shared, "events": events}
    found = outcome(edge, body, key)
    with mock.patch.object(own, "is_usual", return_value=False):
        assert outcome(edge, body, key) == found


def test_the_usual_batch_takes_the_one_pass(edge: Caller) -> None:
    event = {"event_name": "page_view", "event_id": "1", "properties": {"a": "é"}}
    with mock.patch.object(own, "fast_records", wraps=fast.fast_records) as taken:
        edge.post("/e", {"visitor_id": "v", "events": [event, {**event, "event_id": "2"}]})
    assert taken.call_count == 1
    assert len(edge.sink.records) >= 2
