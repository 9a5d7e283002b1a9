"""Payment webhooks: verified on the raw body, kept whole, the same one twice under one id."""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from stripe import WebhookSignature

from ingest_edge.keys import ring_of
from ingest_edge.webhooks import VENDORS
from schemas.load import RECORDS, RULES
from schemas.wire import problems
from tests.unit.ingest_edge.fakes import NOW, PUB, Caller, key_row, make_caller, site_row

NOW_S = NOW // 1000
SECRETS = {"stripe": "whsec_one", "paddle": ["pdl_old", "pdl_new"], "lemonsqueezy": "lemon"}
STRIPE = b'{ "id": "evt_1", "created": 1789999990, "type": "x", "data": {"name": "\xc3\xa9"} }'
PADDLE = (
    b'{"event_id":"evt_01h","event_type":"transaction.paid","occurred_at":"2026-09-21T14:13:10Z"}'
)
LEMON = b'{"meta":{"event_name":"order_created"},"data":{"id":"1"}}'


@pytest.fixture
def edge(tmp_path: Path) -> Caller:
    caller = make_caller(tmp_path)
    sites = [site_row("shop", settings={"webhooks": SECRETS}), site_row("bare")]
    caller.app.edge.keys.ring = ring_of(sites, [key_row(PUB, "shop"), key_row("hw_pub_2", "bare")])
    return caller


def mark(secret: str, signed: bytes) -> str:
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def stripe(body: bytes, by: str = "whsec_one", at: int = NOW_S) -> dict[str, str]:
    """Return the header as Stripe's own library makes it, while two secrets are in use."""
    header = WebhookSignature.generate_signature_header(body.decode(), by, at)
    return {"stripe-signature": header.replace(",", f",v1={'0' * 64},") + ",v0=x"}


def paddle(body: bytes, by: str = "pdl_new", at: int = NOW_S) -> dict[str, str]:
    return {"paddle-signature": f"ts={at};h1={mark(by, f'{at}:'.encode() + body)}"}


def lemon(body: bytes) -> dict[str, str]:
    return {"x-signature": mark("lemon", body)}


def send(
    edge: Caller, vendor: str, body: bytes, headers: dict[str, str], site: str = "shop"
) -> Any:
    return edge.post(f"/webhooks/{vendor}/{site}", body, key=None, headers=headers)


@pytest.mark.parametrize(
    ("vendor", "body", "headers", "event_id", "client_at"),
    [
        ("stripe", STRIPE, stripe(STRIPE), "evt_1", NOW - 10_000),
        ("paddle", PADDLE, paddle(PADDLE), "evt_01h", NOW - 10_000),
        ("paddle", PADDLE, paddle(PADDLE, "pdl_old"), "evt_01h", NOW - 10_000),
        ("lemonsqueezy", LEMON, lemon(LEMON), hashlib.sha256(LEMON).hexdigest()[:32], None),
    ],
)
def test_signed_webhook_is_kept_whole(
    edge: Caller,
    vendor: str,
    body: bytes,
    headers: dict[str, str],
    event_id: str,
    client_at: int | None,
) -> None:
    for _ in range(2):
        answer = send(edge, vendor, body, headers)
        assert (answer.status_code, answer.json()["event_id"]) == (200, event_id)
    event, again = edge.events()
    assert problems(RECORDS["event"], event) == []
    assert (event["event_name"], event["sender"]) == ("webhook_received", "webhook")
    assert event["properties"] == body.decode()
    assert event["library_name"] == vendor
    assert event.get("client_at") == client_at
    assert "visitor_id" not in event
    assert event["is_interactive"] is event["is_conversion"] is event["is_bot"] is False
    assert again["event_id"] == event["event_id"] == event_id


@pytest.mark.parametrize(
    ("vendor", "headers", "code"),
    [
        ("stripe", {}, "bad_signature"),
        ("stripe", {"stripe-signature": ""}, "bad_signature"),
        ("stripe", {"stripe-signature": "t=,v1="}, "bad_signature"),
        ("stripe", {"stripe-signature": "nonsense"}, "bad_signature"),
        ("stripe", {"stripe-signature": "t=1,v1=\xe9"}, "bad_signature"),
        ("stripe", stripe(STRIPE, "whsec_two"), "bad_signature"),
        ("stripe", stripe(STRIPE + b" "), "bad_signature"),
        ("stripe", stripe(STRIPE, at=NOW_S - 301), "old_signature"),
        ("stripe", stripe(STRIPE, at=NOW_S + 301), "old_signature"),
        ("paddle", paddle(STRIPE, "pdl_older"), "bad_signature"),
        ("paddle", stripe(STRIPE), "bad_signature"),
        ("lemonsqueezy", {"x-signature": "0" * 64}, "bad_signature"),
    ],
)
def test_wrong_signature_is_refused(
    edge: Caller, vendor: str, headers: dict[str, str], code: str
) -> None:
    answer = send(edge, vendor, STRIPE, headers)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (401, code)
    assert problem["errors"][0]["loc"].startswith("headers.")
    assert edge.sink.records == []


def test_guessing_is_limited_like_keys(edge: Caller) -> None:
    edge.client, wrong = "81.2.69.142", {"stripe-signature": "t=1,v1=0"}
    limit = RULES.limits.address_requests_per_minute
    statuses = {send(edge, "stripe", STRIPE, wrong).status_code for _ in range(limit + 1)}
    assert statuses == {401, 429}
    # The vendor goes on.
    assert send(edge, "stripe", STRIPE, stripe(STRIPE)).status_code == 200


def test_paused_site_keeps_no_webhooks(edge: Caller) -> None:
    settings = {"webhooks": SECRETS, "is_paused": True}
    edge.app.edge.keys.ring = ring_of([site_row("shop", settings=settings)], [])
    answer = send(edge, "stripe", STRIPE, stripe(STRIPE))
    assert (answer.status_code, answer.headers["x-dropped"]) == (200, "paused")
    assert edge.sink.records == []


def test_only_sites_with_a_secret_have_a_door(edge: Caller) -> None:
    for vendor, site in (("stripe", "bare"), ("stripe", "nobody"), ("acme", "shop")):
        assert send(edge, vendor, STRIPE, stripe(STRIPE), site).status_code == 404
    assert edge.sink.records == []


@pytest.mark.parametrize("body", [b"[]", b"", b"{", b'{"a":' * 70 + b"1" + b"}" * 70])
def test_signed_nonsense_is_no_fault_of_ours(edge: Caller, body: bytes) -> None:
    assert send(edge, "stripe", body, stripe(body)).status_code == 400
    assert edge.sink.records == []


def test_size_addresses_and_types_of_a_body(edge: Caller) -> None:
    large = json.dumps({"id": "evt_2", "x": "x" * RULES.edge.webhooks.max_bytes}).encode()
    assert send(edge, "stripe", large, stripe(large)).status_code == 413
    usual = json.dumps({"id": "evt_3", "x": "x" * 100_000, "client_ip": "81.2.69.142"}).encode()
    assert send(edge, "stripe", usual, stripe(usual)).status_code == 200
    (event,) = edge.events()
    assert "81.2.69.142" not in json.dumps(event)
    odd = b'{"id":{},"created":"soon"}'
    assert send(edge, "stripe", odd, stripe(odd)).json()["event_id"]


def test_not_acknowledged_while_it_cannot_be_kept(edge: Caller) -> None:
    edge.sink.is_away = True
    assert send(edge, "stripe", STRIPE, stripe(STRIPE)).status_code == 503


def test_vendors_are_those_of_the_rules() -> None:
    assert tuple(VENDORS) == RULES.edge.webhooks.vendors
