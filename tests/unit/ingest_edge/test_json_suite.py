# ruff: noqa: E501 (one body, one line)
"""JSON from strangers: what is none is refused, what is one comes through as it was sent."""

import json
from typing import Any

import pytest

from tests.unit.ingest_edge.fakes import PUB, Caller
from tests.unit.ingest_edge.json_suite import MALFORMED, NAUGHTY, VALID

# A body of every dialect with a place for a value: in properties, and where nobody looks.
BODIES = {
    "/v1/batch": b'{"writeKey":"K","batch":[{"event":"x","anonymousId":"v","properties":{"a":%s},"z":%s}]}',
    "/v1/track": b'{"writeKey":"K","event":"x","anonymousId":"v","properties":{"a":%s},"z":%s}',
    "/e": b'{"key":"K","visitor_id":"v","events":[{"event_name":"x","properties":{"a":%s}}],"z":%s}',
    "/api/collect": b'{"key":"K","visitor":{"id":"v"},"events":[{"name":"x","properties":{"a":%s}}],"z":%s}',
    "/api/track/events": b'{"key":"K","visitor":{"id":"v"},"events":[{"name":"x","properties":{"a":%s}}],"batch":%s}',
    "/batch/": b'{"api_key":"K","batch":[{"event":"x","distinct_id":"v","properties":{"a":%s}}],"z":%s}',
}
BODIES = {path: body.replace(b'"K"', b'"' + PUB.encode() + b'"') for path, body in BODIES.items()}


def post(edge: Caller, path: str, first: bytes, second: bytes = b"1") -> Any:
    edge.sink.records.clear()
    return edge.post(path, BODIES[path] % (first, second), key=None)


@pytest.mark.parametrize("path", BODIES)
def test_malformed_is_refused_wherever_it_stands(edge: Caller, path: str) -> None:
    for text in MALFORMED:
        for values in ((text, b"1"), (b"1", text)):
            answer = post(edge, path, *values)
            assert answer.status_code == 400, (values, answer.text)
            assert answer.json()["errors"][0]["loc"], values
            assert edge.events() == []
    whole = [edge.post(path, text, key=PUB).status_code for text in MALFORMED]
    assert set(whole) == {400}


@pytest.mark.parametrize("path", BODIES)
def test_valid_comes_through_byte_for_byte(edge: Caller, path: str) -> None:
    for text in VALID:
        answer = post(edge, path, text, text)
        assert answer.status_code == 200, (text, answer.text)
        (event,) = edge.events()
        kept = event["properties"].encode()
        assert kept.startswith(b'{"a":' + text), (text, kept)


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("is_ascii", [True, False])
def test_naughty_text_comes_through_as_it_was_sent(edge: Caller, path: str, is_ascii: bool) -> None:
    for text in NAUGHTY:
        sent = json.dumps(text, ensure_ascii=is_ascii).encode()
        answer = post(edge, path, sent)
        if len(sent) > 31_000:
            assert answer.json()["code"] == "event_too_large"
            continue
        assert answer.status_code == 200, (text[:40], answer.text)
        (event,) = edge.events()
        assert json.loads(event["properties"])["a"] == text


@pytest.mark.parametrize("text", [text for text in NAUGHTY if 0 < len(text.strip()) <= 128])
def test_naughty_names_and_ids(edge: Caller, text: str) -> None:
    message = {"event": text, "anonymousId": text, "messageId": text, "userId": text}
    page = {"url": text, "title": text, "referrer": text, "path": text}
    answer = edge.batch({**message, "context": {"page": page, "locale": text}})
    assert answer.status_code == 200
    (event,) = edge.events()
    assert (event["visitor_id"], event["event_id"], event["user_id"]) == (text, text, text)
    assert (event["page_title"], event["language"]) == (text, text)
