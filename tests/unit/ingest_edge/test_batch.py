"""Segment's wire format, from the request to the record."""

from typing import Any

import msgspec
import pytest

from schemas.load import RECORDS
from schemas.wire import problems
from tests.unit.ingest_edge.fakes import API, BOUND, NOW, PUB, SEC, Caller

HOUR = 3_600_000
PAGE = {
    "type": "page",
    "anonymousId": "v1",
    "messageId": "m1",
    "context": {"page": {"url": "https://shop.example/a?utm_source=google&utm_medium=cpc"}},
}


def track(name: str = "sign_up", **fields: Any) -> dict[str, Any]:
    return {"type": "track", "event": name, "anonymousId": "v1", "messageId": "t1", **fields}


def test_page_call_becomes_a_page_view_with_everything_known_of_it(edge: Caller) -> None:
    answer = edge.batch(PAGE, sentAt=NOW - 100)
    assert (answer.status_code, answer.json()["accepted"]) == (200, 1)
    (event,) = edge.events()
    assert problems(RECORDS["event"], event) == []
    expected = {
        "site_id": "shop", "event_id": "m1", "event_name": "page_view", "visitor_id": "v1",
        "sender": "browser", "received_at": NOW, "sent_at": NOW - 100, "event_at": NOW,
        "event_date": "2026-09-21", "page_host": "shop.example", "page_path": "/a",
        "utm_source": "google", "source": "google", "medium": "cpc", "channel": "Paid Search",
        "device": "desktop", "browser": "Firefox", "os": "Linux", "is_bot": False,
        "is_interactive": False, "is_conversion": False, "is_flood": False,
    }  # fmt: skip
    assert {name: event.get(name) for name in expected} == expected


def test_record_is_keyed_by_site_and_visitor_and_names_its_schema(edge: Caller) -> None:
    edge.batch(PAGE)
    (record,) = edge.sink.records
    assert (record.topic, record.key, record.schema) == ("events", b"shop:v1", "event.1")


@pytest.mark.parametrize(
    ("sent", "client", "event_at"),
    [
        (NOW - 4_000, NOW - 9_000, NOW - 9_000),  # travelled 4 s: within tolerance, no shift
        (NOW - 6_000, NOW - 9_000, NOW - 3_000),  # 6 s behind: the batch shifts by 6 s
        (NOW + 86_400_000, NOW + 86_398_000, NOW - 2_000),  # a day ahead: shifted back
        (NOW - 1_000, NOW + 5_000, NOW),  # later than its own receipt: clamped
        (None, NOW - 9_000, NOW - 9_000),  # no sent_at: taken as it is
        (None, NOW + 9_000, NOW),  # no sent_at: only clamped
    ],
)
def test_event_time_follows_the_clock_rules(
    edge: Caller, sent: int | None, client: int, event_at: int
) -> None:
    edge.batch(track(timestamp=client), sentAt=sent)
    (event,) = edge.events()
    assert (event["event_at"], event["client_at"]) == (event_at, client)


def test_spacing_within_a_shifted_batch_is_kept(edge: Caller) -> None:
    edge.batch(
        track(timestamp=NOW + HOUR - 700), track(timestamp=NOW + HOUR - 200), sentAt=NOW + HOUR
    )
    first, second = edge.events()
    assert second["event_at"] - first["event_at"] == 500


def test_event_date_is_the_sites_local_day(edge: Caller) -> None:
    edge.time.now = 1_789_941_600_000 + HOUR // 2  # 2026-09-20T22:30Z, in Berlin already the 21st
    edge.batch(track())
    assert edge.events()[0]["event_date"] == "2026-09-21"


def test_old_event_is_refused_with_a_write_key_and_taken_with_a_secret_key(edge: Caller) -> None:
    old = track(timestamp=NOW - 73 * HOUR)
    answer = edge.batch(old, sentAt=NOW)
    assert answer.status_code == 400
    assert answer.json()["code"] == "too_old"
    assert answer.json()["errors"][0]["loc"] == "batch[0].timestamp"
    assert edge.batch(old, key=SEC, sentAt=NOW).status_code == 200
    assert edge.events()[0]["sender"] == "server"


def test_same_event_without_id_gets_the_same_id_at_every_attempt(edge: Caller) -> None:
    for sent_at in (NOW - 1_000, NOW):
        edge.time.now += 7_000
        edge.batch(track(messageId=None, timestamp=NOW - 2_000), sentAt=sent_at)
    first, second = edge.events()
    assert first["event_id"] == second["event_id"]
    edge.batch(track("other", messageId=None, timestamp=NOW - 2_000))
    assert edge.events()[2]["event_id"] != first["event_id"]


def test_some_refused_still_answers_200_and_says_which(edge: Caller) -> None:
    answer = edge.batch(PAGE, track(""), {"type": "track", "event": "x"}, track(timestamp="soon"))
    assert (answer.status_code, answer.headers["x-dropped"]) == (200, "3")
    dropped = [(item["loc"], item["reason"]) for item in answer.json()["dropped"]]
    assert dropped == [
        ("batch[1].event", "bad_event"),
        ("batch[2].anonymousId", "missing_visitor"),
        ("batch[3].timestamp", "bad_time"),
    ]
    refused = edge.sink.values("rejected-events")
    assert [value["reason"] for value in refused] == [reason for _, reason in dropped]
    assert all(problems(RECORDS["rejected_event"], value) == [] for value in refused)


def test_own_route_answers_207_when_some_are_refused(edge: Caller) -> None:
    answer = edge.post("/sites/shop/events", {"batch": [PAGE, track("")]})
    assert (answer.status_code, answer.json()["accepted"]) == (207, 1)
    assert edge.post("/sites/bound/events", {"batch": [PAGE]}).status_code == 403


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("track", "buy"),
        ("page", "page_view"),
        ("identify", "identify"),
        ("t", "buy"),
        ("s", "screen_view"),
        ("a", "alias"),
    ],
)
def test_single_calls_take_their_kind_from_the_path(edge: Caller, call: str, name: str) -> None:
    body = {"event": "buy", "anonymousId": "v", "writeKey": PUB, "traits": {"a": 1}}
    assert edge.post(f"/v1/{call}", body, key=None).status_code == 200
    assert edge.events()[0]["event_name"] == name


def test_traits_of_identify_stand_in_properties(edge: Caller) -> None:
    edge.batch({"type": "identify", "userId": 7, "traits": {"plan": "pro"}})
    (event,) = edge.events()
    assert (event["user_id"], event["properties"]) == ("7", '{"plan":"pro"}')


def test_revenue_is_decimal_with_currency_and_dollars_of_the_day(edge: Caller) -> None:
    edge.batch(
        track("Order Completed", properties={"revenue": "19.99", "currency": "eur"}),
        track("order", properties={"revenue": 0.1}),
        track("viewed", properties={"value": 5}),
        track("conversion", properties={"value": 5}),
    )
    order, plain, viewed, conversion = edge.events()
    assert (order["revenue_amount"], order["currency"]) == ("19.9900", "EUR")
    assert order["revenue_usd_amount"] == "23.2442"  # 19.99 * 1.16279 (2026), half even
    assert order["is_conversion"] is True
    assert (plain["revenue_amount"], plain["revenue_usd_amount"]) == ("0.1000", "0.1000")
    assert "revenue_amount" not in viewed
    assert (conversion["revenue_amount"], conversion["is_interactive"]) == ("5.0000", True)


def test_custom_events_are_interactive_unless_they_say_otherwise(edge: Caller) -> None:
    edge.batch(track(), track(properties={"interactive": False}), track("page_view"))
    assert [event["is_interactive"] for event in edge.events()] == [True, False, False]


def test_flood_is_tagged_from_the_hourly_limit_on(edge: Caller) -> None:
    for _ in range(5):
        edge.batch(*[track(anonymousId="flood", timestamp=NOW) for _ in range(402)])
    floods = [event["is_flood"] for event in edge.events()]
    assert floods.index(True) == 2_000
    assert sum(floods) == 10


def test_history_goes_to_its_own_topic_with_hashed_visitors(edge: Caller) -> None:
    message = {
        "type": "page",
        "timestamp": "2015-05-17T10:05:03Z",
        "context": {"ip": "83.149.9.216", "userAgent": "A", "page": {"url": "http://x.example/"}},
    }
    other = {**message, "context": {**message["context"], "ip": "83.149.9.217"}}  # type: ignore[dict-item]
    assert edge.batch(message, message, other, key=SEC, history=True).status_code == 200
    first, again, second = edge.sink.values("imported-events")
    assert (first["sender"], first["event_at"]) == ("import", 1_431_857_103_000)
    assert first["visitor_id"] == again["visitor_id"] != second["visitor_id"]
    assert len(first["visitor_id"]) == 32
    assert edge.batch(message, history=True).json()["code"] == "secret_key_only"


def test_events_are_not_acknowledged_while_the_broker_is_away(edge: Caller) -> None:
    edge.sink.is_away = True
    answer = edge.batch(PAGE)
    assert (answer.status_code, answer.json()["code"]) == (503, "not_durable")
    assert answer.headers["retry-after"] == "2"
    assert edge.request("GET", "/ready").status_code == 503


@pytest.mark.parametrize(
    ("key", "status", "code"),
    [
        (None, 401, "missing_key"),
        ("hw_pub_nobody", 401, "unknown_key"),
        (API, 403, "read_only_key"),
    ],
)
def test_keys_that_may_not_write(edge: Caller, key: str | None, status: int, code: str) -> None:
    answer = edge.batch(PAGE, key=key)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert edge.sink.records == []


def test_origin_must_be_a_host_of_the_site_and_cors_reflects_only_those(edge: Caller) -> None:
    good, bad = {"origin": "https://SHOP.example:8443"}, {"origin": "https://evil.example"}
    body = {"batch": [PAGE]}
    taken = edge.post("/v1/batch", body, key=BOUND, headers=good)
    assert taken.headers["access-control-allow-origin"] == good["origin"]
    assert "X-Dropped" in taken.headers["access-control-expose-headers"]
    refused = edge.post("/v1/batch", body, key=BOUND, headers=bad)
    assert (refused.status_code, refused.json()["code"]) == (403, "foreign_origin")
    assert "access-control-allow-origin" not in refused.headers
    assert edge.post("/v1/batch", body, key=BOUND).status_code == 200


def test_gpc_and_dnt_leave_nothing_behind(edge: Caller) -> None:
    for name, reason in (("sec-gpc", "gpc"), ("dnt", "dnt")):
        answer = edge.post("/v1/batch", {"batch": [PAGE]}, headers={name: "1"})
        assert (answer.status_code, answer.headers["x-dropped"]) == (200, reason)
    assert edge.sink.records == []


def test_unknown_properties_come_through_unchanged(edge: Caller) -> None:
    text = '{"a":{"b":[1,2.50,"\\u0000\U0001f600"]},"c":null}'
    body = msgspec.json.encode(track()).decode()[:-1] + f',"properties":{text}}}'
    edge.post("/v1/track", body.encode())
    assert edge.events()[0]["properties"] == text


def test_refusal_has_what_published_clients_look_for(edge: Caller) -> None:
    problem = edge.batch(track("")).json()
    assert problem["detail"] == problem["message"] != ""
    assert problem["code"] == "bad_event"
