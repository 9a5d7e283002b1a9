"""PostHog's capture format, from the request to the record."""

import gzip
import json
from typing import Any

import pytest

from tests.unit.ingest_edge.fakes import BOUND, NOW, PUB, SEC, Caller

SENT = {"event": "bought", "distinct_id": "v", "uuid": "u1", "properties": {"plan": "pro"}}
PAGE = {
    "event": "$pageview",
    "timestamp": "2026-09-21T14:13:19Z",
    "properties": {
        "distinct_id": "v",
        "$device_id": "v",
        "$current_url": "https://shop.example/a?utm_source=news",
        "$referrer": "$direct",
        "$session_id": "s1",
        "$pageview_id": "p1",
        "$screen_width": 1920,
        "$lib": "web",
        "$lib_version": "1.2.3",
        "utm_medium": "email",
    },
}


def send(edge: Caller, *events: Any, key: str = PUB, **fields: Any) -> Any:
    return edge.post("/batch/", {"api_key": key, "batch": list(events), **fields}, key=None)


def test_batch_as_the_published_clients_send_it(edge: Caller) -> None:
    answer = send(edge, SENT, PAGE, sent_at="2026-09-21T14:13:20Z", historical_migration=False)
    assert (answer.status_code, answer.json()["status"]) == (200, 1)
    bought, page = edge.events()
    assert (bought["event_id"], bought["visitor_id"]) == ("u1", "v")
    assert bought["properties"] == '{"plan":"pro"}'
    assert bought["is_interactive"] is True
    assert (page["event_name"], page["page_path"]) == ("page_view", "/a")
    assert page["client_at"] == NOW - 1_000
    assert (page["utm_source"], page["utm_medium"]) == ("news", "email")
    assert (page["client_session_id"], page["page_view_id"]) == ("s1", "p1")
    assert (page["screen_width_px"], page["library_name"]) == (1920, "web")
    assert "referrer" not in page
    assert page["is_interactive"] is False


def test_who_is_identified_keeps_the_visitor_of_before(edge: Caller) -> None:
    send(
        edge,
        {"event": "$identify", "distinct_id": "u7",
         "properties": {"$anon_distinct_id": "v", "$set": {"name": "Ada"}}},
        {"event": "x", "distinct_id": "u7", "properties": {"$device_id": "v"}},
        {"event": "x", "distinct_id": "v", "properties": {"$device_id": "v"}},
        {"event": "x", "distinct_id": "v"},
    )  # fmt: skip
    who = [(event["visitor_id"], event.get("user_id")) for event in edge.events()]
    assert who == [("v", "u7"), ("v", "u7"), ("v", None), ("v", None)]
    assert edge.events()[0]["event_name"] == "identify"


def test_fields_beside_the_properties_are_kept(edge: Caller) -> None:
    send(edge, {**SENT, "$set": {"a": 1}, "properties": {"b": 2}})
    assert json.loads(edge.events()[0]["properties"]) == {"b": 2, "$set": {"a": 1}}


@pytest.mark.parametrize("path", ["/batch", "/batch/", "/capture/", "/e/", "/i/v0/e/"])
def test_every_address_takes_one_event_a_list_and_a_batch(edge: Caller, path: str) -> None:
    one = {**SENT, "api_key": PUB}
    in_list = {**SENT, "properties": {"token": PUB, "a": 1}}
    for body in (one, [in_list], {"api_key": PUB, "batch": [SENT]}):
        assert edge.post(path, body, key=None).status_code == 200
    assert [e["properties"] for e in edge.events()][:2] == ['{"plan":"pro"}', '{"a":1}']
    # Compressed by the browser's script, which says so in the address only.
    packed = gzip.compress(json.dumps([in_list]).encode())
    headers = {"content-type": "text/plain"}
    answer = edge.post(f"{path}?compression=gzip-js", packed, key=None, headers=headers)
    assert answer.status_code == 200
    assert PUB not in str(edge.events())


def test_address_is_believed_of_a_secret_key_only_and_kept_never(edge: Caller) -> None:
    agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Safari/604.1"
    one = {**SENT, "properties": {"$ip": "81.2.69.142", "$raw_user_agent": agent, "a": 1}}
    send(edge, one, key=SEC)
    (event,) = edge.events()
    assert (event["sender"], event["os"]) == ("server", "iOS")
    assert "81.2.69.142" not in json.dumps(event)
    assert "$ip" not in event["properties"]


def test_refused_events_are_named_and_the_rest_counts(edge: Caller) -> None:
    answer = send(edge, SENT, {"event": 5}, {"event": "x"}, {"event": "", "distinct_id": "v"})
    assert (answer.status_code, answer.headers["x-dropped"]) == (200, "3")
    assert [item["loc"] for item in answer.json()["dropped"]] == [
        "batch[1].event", "batch[2].anonymousId", "batch[3].event",
    ]  # fmt: skip
    assert len(edge.sink.values("rejected-events")) == 3


@pytest.mark.parametrize(
    ("body", "status", "loc"),
    [
        ({"api_key": PUB}, 400, "body.batch"),
        ({"batch": []}, 401, "key"),
        ([], 401, "key"),
        ([5], 401, "key"),
        ({"api_key": PUB, "batch": {}}, 400, "body.batch"),
        ({"api_key": PUB, "batch": [], "sent_at": "soon"}, 400, "body.sent_at"),
        ({"api_key": PUB, "batch": [SENT], "historical_migration": True}, 403, "body.history"),
        ({"api_key": BOUND, "batch": [SENT]}, 403, "headers.origin"),
    ],
)
def test_wrong_bodies(edge: Caller, body: Any, status: int, loc: str) -> None:
    answer = edge.post("/batch/", body, key=None, headers={"origin": "https://evil.example"})
    assert (answer.status_code, answer.json()["errors"][0]["loc"]) == (status, loc)
    assert edge.sink.records == []


def test_history_and_offset(edge: Caller) -> None:
    old = {**SENT, "timestamp": "2015-05-17T10:05:03Z"}
    assert send(edge, old, key=SEC, historical_migration=True).status_code == 200
    (event,) = edge.sink.values("imported-events")
    assert (event["sender"], event["event_at"]) == ("import", 1_431_857_103_000)
    send(edge, {**SENT, "offset": 2_000}, sent_at=NOW)
    assert edge.events()[0]["client_at"] == NOW - 2_000
