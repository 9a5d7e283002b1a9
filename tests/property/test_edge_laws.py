"""Laws that hold for every request: no fault of ours, nothing lost, every record valid."""

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest_edge.privacy import without_addresses
from schemas.load import RECORDS
from schemas.wire import problems
from tests.unit.ingest_edge.fakes import PUB, SEC, Caller, make_caller

LAW = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | TEXT | st.floats(
    allow_nan=False, allow_infinity=False
)  # fmt: skip
JSON = st.recursive(
    SCALARS, lambda v: st.lists(v, max_size=3) | st.dictionaries(TEXT, v, max_size=3)
)
PAGE = st.fixed_dictionaries(
    {}, optional={name: JSON | TEXT for name in ("url", "title", "referrer", "path", "search")}
)
CONTEXT = st.fixed_dictionaries(
    {}, optional={"page": PAGE | JSON, "ip": JSON, "userAgent": TEXT | JSON, "locale": TEXT}
)
PROPERTIES = st.fixed_dictionaries(
    {}, optional={n: JSON for n in ("revenue", "currency", "value", "seq", "url", "engaged_ms")}
) | st.dictionaries(TEXT, JSON, max_size=3)
MESSAGE = st.fixed_dictionaries(
    {"type": st.sampled_from(["track", "page", "identify", "group"]) | JSON},
    optional={
        "event": TEXT | JSON, "anonymousId": TEXT | JSON, "userId": JSON, "messageId": JSON,
        "timestamp": st.datetimes().map(str) | JSON, "context": CONTEXT | JSON,
        "properties": PROPERTIES | JSON, "traits": PROPERTIES | JSON,
    },
) | JSON  # fmt: skip
EVENT = st.fixed_dictionaries(
    {"event_name": TEXT | JSON},
    optional={
        name: JSON
        for name in (
            "event_id", "client_at", "seq", "page_url", "referrer", "engaged_ms", "scroll_percent",
            "click_x_px", "revenue_amount", "currency", "properties", "is_conversion",
        )
    },
) | JSON  # fmt: skip

SHARED = st.dictionaries(
    st.sampled_from(["visitor_id", "user_id", "sent_at", "screen_width_px", "language"]), JSON
)


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Caller:
    return make_caller(tmp_path_factory.mktemp("edge"))


def check(edge: Caller, path: str, body: Any, count: int, key: str) -> None:
    """Post the body and hold the answer and the records to the laws."""
    edge.sink.records.clear()
    answer = edge.post(path, body, key=key)
    assert answer.status_code in (200, 207, 400), answer.text
    events, refused = edge.events(), edge.sink.values("rejected-events")
    if answer.status_code == 400:
        assert answer.json()["errors"]
        assert events == []
    else:
        told = answer.json()
        assert told["accepted"] + len(told["dropped"]) == count
        assert (len(events), len(refused)) == (told["accepted"], len(told["dropped"]))
    assert [p for event in events for p in problems(RECORDS["event"], event)] == []
    assert [p for one in refused for p in problems(RECORDS["rejected_event"], one)] == []


@LAW
@given(batch=st.lists(MESSAGE, max_size=4), key=st.sampled_from([PUB, SEC]))
def test_every_segment_batch(edge: Caller, batch: list[Any], key: str) -> None:
    check(edge, "/v1/batch", {"batch": batch}, len(batch), key)


@LAW
@given(events=st.lists(EVENT, max_size=4), shared=SHARED)
def test_every_tracker_batch(edge: Caller, events: list[Any], shared: dict[str, Any]) -> None:
    body = {"visitor_id": "v", **shared, "events": events}
    check(edge, "/e", body, len(events), PUB)


@LAW
@given(body=st.binary(max_size=200) | TEXT.map(str.encode))
def test_every_heap_of_bytes(edge: Caller, body: bytes) -> None:
    assert edge.post("/v1/batch", body).status_code == 400


@LAW
@given(properties=st.dictionaries(TEXT, JSON, max_size=4))
def test_properties_come_back_equal(edge: Caller, properties: dict[str, Any]) -> None:
    edge.sink.records.clear()
    message = {"type": "track", "event": "x", "anonymousId": "v", "properties": {"p": properties}}
    assert edge.batch(message).status_code == 200
    (event,) = edge.events()
    sent = msgspec.json.decode(msgspec.json.encode({"p": properties}))
    assert msgspec.json.decode(event["properties"]) == without_addresses(sent)
