# ruff: noqa: E501 (one case, one line)
"""Requests made to hurt: every one ends in a named refusal, none in a fault of ours."""

import gzip
import json
import tracemalloc
import zlib
from typing import Any

import pytest

from tests.unit.ingest_edge.fakes import PUB, SEC, Caller

OK = {"type": "track", "event": "x", "anonymousId": "v"}


def one(**fields: Any) -> bytes:
    """Return a batch of one message with these fields."""
    return json.dumps({"batch": [{**OK, **fields}]}).encode()


def raw(fields: str) -> bytes:
    """Return a batch of one message with fields written by hand."""
    return ('{"batch":[{"type":"track","event":"x","anonymousId":"v",' + fields + "}]}").encode(
        "utf-8", "surrogatepass"
    )


BODIES = {
    "empty": (b"", "bad_json", "body"),
    "not json": (b"hello", "bad_json", "body"),
    "cut off": (one()[:-3], "bad_json", "body"),
    "two documents": (one() + one(), "bad_json", "body"),
    "byte order mark": (b"\xef\xbb\xbf" + one(), "bad_json", "body"),
    "utf-16": (one().decode().encode("utf-16"), "bad_encoding", "body"),
    "invalid utf-8 in a property": (raw('"properties":{"a":"\xff"}').replace(b"\xc3\xbf", b"\xff"), "bad_encoding", "body"),
    "invalid utf-8 in an unknown field": (raw('"z":"\xff"').replace(b"\xc3\xbf", b"\xff"), "bad_encoding", "body"),
    "surrogate as bytes": (raw('"z":"\ud800"'), "bad_encoding", "body"),
    "lone surrogate": (raw('"properties":{"a":"\\ud800"}'), "bad_json", "body"),
    "surrogates reversed": (raw('"properties":{"a":"\\udc00\\ud800"}'), "bad_json", "body"),
    "nan": (raw('"properties":{"a":NaN}'), "bad_json", "body"),
    "infinity": (raw('"properties":{"a":-Infinity}'), "bad_json", "body"),
    "leading zero": (raw('"properties":{"a":01}'), "bad_json", "body"),
    "trailing comma": (raw('"properties":{"a":1,}'), "bad_json", "body"),
    "single quotes": (b"{'batch':[]}", "bad_json", "body"),
    "control character": (raw('"properties":{"a":"\x01"}'), "bad_json", "body"),
    "bad escape": (raw('"properties":{"a":"\\x41"}'), "bad_json", "body"),
    "no object": (b"[1,2]", "bad_request", "body"),
    "no batch": (b"{}", "bad_request", "body"),
    "batch is an object": (b'{"batch":{}}', "bad_request", "body.batch"),
    "history is text": (b'{"batch":[],"history":"yes"}', "bad_request", "body.history"),
    "sentAt is an object": (b'{"batch":[],"sentAt":{}}', "bad_time", "body.sentAt"),
    "5000 levels": (raw('"properties":' + '{"a":' * 5000 + "1" + "}" * 5000), "too_deep", "body"),
    "65 levels": (raw('"properties":' + '{"a":' * 65 + "1" + "}" * 65), "too_deep", "batch[0].properties"),
    "message is a number": (b'{"batch":[1]}', "bad_event", "batch[0]"),
    "message is null": (b'{"batch":[null]}', "bad_event", "batch[0]"),
    "event is a number": (one(event=5), "bad_event", "batch[0].event"),
    "event name too long": (one(event="x" * 129), "bad_event", "batch[0].event"),
    "event name of spaces": (one(event="  "), "bad_event", "batch[0].event"),
    "unknown call": (one(type="delete"), "bad_event", "batch[0].type"),
    "visitor is an object": (one(anonymousId={}), "bad_event", "batch[0].anonymousId"),
    "visitor is true": (one(anonymousId=True), "bad_event", "batch[0].anonymousId"),
    "visitor too long": (one(anonymousId="v" * 257), "bad_event", "batch[0].anonymousId"),
    "id is a list": (one(messageId=[1]), "bad_event", "batch[0].messageId"),
    "nobody": (one(anonymousId=""), "missing_visitor", "batch[0].anonymousId"),
    "properties are a list": (one(properties=[1]), "bad_event", "batch[0].properties"),
    "properties are text": (one(properties="x"), "bad_event", "batch[0].properties"),
    "context is text": (one(context="x"), "bad_event", "batch[0].context"),
    "url is a number": (one(context={"page": {"url": 5}}), "bad_event", "batch[0].context.page.url"),
    "time is a word": (one(timestamp="soon"), "bad_time", "batch[0].timestamp"),
    "time is true": (one(timestamp=True), "bad_time", "batch[0].timestamp"),
    "time before 1970": (one(timestamp="1969-12-31T23:59:59Z"), "bad_time", "batch[0].timestamp"),
    "time in the year 99999": (one(timestamp=10**16), "bad_time", "batch[0].timestamp"),
    "time is endless": (raw('"timestamp":1e400'), "bad_event", "batch[0].timestamp"),
    "revenue is a word": (one(properties={"revenue": "a lot"}), "bad_event", "batch[0].properties.revenue"),
    "revenue is NaN as text": (one(properties={"revenue": "NaN"}), "bad_event", "batch[0].properties.revenue"),
    "revenue does not fit": (one(properties={"revenue": 10**15}), "bad_event", "batch[0].properties.revenue"),
    "currency of four": (one(properties={"revenue": 1, "currency": "EURO"}), "bad_event", "batch[0].properties.currency"),
    "seq does not fit": (one(properties={"seq": 2**31}), "bad_event", "batch[0].properties.seq"),
    "scrolled 101 percent": (one(properties={"scroll_percent": 101}), "bad_event", "batch[0].properties.scroll_percent"),
    "33 KB event": (one(properties={"a": "x" * 33_000}), "event_too_large", "batch[0]"),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_body_is_refused_with_the_place_that_is_wrong(edge: Caller, name: str) -> None:
    body, code, loc = BODIES[name]
    answer = edge.post("/v1/batch", body)
    problem = answer.json()
    found = (answer.status_code, problem["code"], problem["errors"][0]["loc"])
    assert found == (400, code, loc), problem
    assert problem["errors"][0]["msg"]
    assert problem["errors"][0]["fix"]
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert edge.events() == []


BOMB = gzip.compress(b" " * 50_000_000)


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b" " * 600_000, {}, 413, "too_large"),
        (BOMB, {"content-encoding": "gzip"}, 413, "too_large"),
        (one(), {"content-encoding": "gzip"}, 400, "bad_compression"),
        (gzip.compress(one())[:-5], {"content-encoding": "gzip"}, 400, "bad_compression"),
        (gzip.compress(one()) * 2, {"content-encoding": "gzip"}, 400, "bad_compression"),
        (zlib.compress(one()), {"content-encoding": "deflate"}, 200, ""),
        (one(), {"content-encoding": "lzma"}, 415, "unsupported_media"),
        (one(), {"content-type": "application/xml"}, 415, "unsupported_media"),
        (one(), {"content-type": "multipart/form-data; boundary=x"}, 415, "unsupported_media"),
        (one(), {"authorization": "Basic !!!"}, 401, "missing_key"),
        (one(), {"authorization": "Basic " + "/" * 8}, 401, "missing_key"),
        (one(), {"origin": "http://[::1"}, 200, ""),
        (one(), {"origin": "null"}, 200, ""),
        (gzip.compress(one()), {"content-encoding": "GZIP"}, 200, ""),
        (one(), {"content-type": "text/plain;charset=UTF-8"}, 200, ""),
    ],
)
def test_envelope_of_a_request(
    edge: Caller, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    key = None if "authorization" in headers else PUB
    answer = edge.post("/v1/batch", body, headers=headers, key=key)
    assert (answer.status_code, answer.json().get("code", "")) == (status, code)


def test_bomb_is_not_unpacked_further_than_the_limit(edge: Caller) -> None:
    tracemalloc.start()
    try:
        answer = edge.post("/v1/batch", BOMB, headers={"content-encoding": "gzip"})
        assert (answer.status_code, tracemalloc.get_traced_memory()[1] < 10_000_000) == (413, True)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/batch", 405),
        ("POST", "/health", 405),
        ("PUT", "/v1/batch", 405),
        ("GET", "/", 404),
        ("POST", "/v1/delete", 404),
        ("POST", "/sites//events", 403),
        ("POST", "/sites/../events", 403),
        ("GET", "/%00", 404),
        ("GET", "/s.js", 401),
        ("GET", "/s.js?k=hw_pub_nobody", 401),
        ("GET", "/health", 200),
        ("HEAD", "/health", 200),
        ("GET", "/.well-known/gpc.json", 200),
    ],
)
def test_routes(edge: Caller, method: str, path: str, status: int) -> None:
    key = PUB if method == "POST" else None
    body = one() if method == "POST" else b""
    assert edge.request(method, path, body, key=key).status_code == status


@pytest.mark.parametrize("sent", ["events", "key"])
def test_tracker_batch_of_wrong_shape(edge: Caller, sent: str) -> None:
    answer = edge.post("/e", {sent: 5}, key=None)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["loc"] in ("body.events", "body.key")


@pytest.mark.parametrize(
    "text", ["\x00", "\u202e", "'; DROP TABLE events;--", "𝕏" * 50, "\r\nX: y"]
)
def test_odd_but_valid_text_comes_back_equal(edge: Caller, text: str) -> None:
    answer = edge.post("/v1/batch", one(userId=text, properties={"a": text}), key=SEC)
    assert answer.status_code == 200
    (event,) = edge.events()
    assert event["user_id"] == text
    assert json.loads(event["properties"]) == {"a": text}


def test_refused_payload_is_cut_and_holds_no_address(edge: Caller) -> None:
    message = {
        **OK,
        "event": "",
        "context": {"ip": "8.8.4.4"},
        "note": "from 8.8.4.4, not 8.8.4.40",
    }
    edge.batch(message, {**message, "z": "é" * 5_000}, key=SEC)
    short, long = edge.sink.values("rejected-events")
    assert json.loads(short["payload"]) == {
        **OK, "event": "", "context": {}, "note": "from [address], not 8.8.4.40"
    }  # fmt: skip
    assert 4_000 < len(long["payload"].encode()) <= 4_096
