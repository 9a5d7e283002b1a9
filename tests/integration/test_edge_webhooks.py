"""A payment webhook from the vendor's signature to the table, and to what was paid."""

import json
import time
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from http.client import HTTPConnection
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from stripe import WebhookSignature

from tests.integration.edge_topics import values
from tests.integration.stack import Stack, TestSite

pytestmark = pytest.mark.slow

SECRET = "whsec_of_this_test"
WHO: Final = {"customer": "cus_1", "payment_intent": "pi_1", "currency": "usd"}
INVOICE: Final = {"id": "in_1", "subscription": "sub_1", "amount_paid": 2900, **WHO}
CHARGE: Final = {"id": "ch_1", "amount_refunded": 2900, **WHO}


@pytest.fixture
def site(stack: Stack) -> TestSite:
    return stack.make_site(f"webhooks-{uuid.uuid4().hex[:8]}")


def send(address: str, body: bytes, secret: str = SECRET) -> int:
    """Send a webhook, signed by Stripe's own library; return the status."""
    mark = WebhookSignature.generate_signature_header(body.decode(), secret)
    parts = urlsplit(address)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    headers = {"Content-Type": "application/json", "Stripe-Signature": mark}
    connection.request("POST", parts.path, body, headers)
    status = connection.getresponse().status
    connection.close()
    return status


def told(kind: str, event_id: str, at: int, thing: object, before: object = None) -> bytes:
    """Return an event of Stripe."""
    data = {"object": thing, "previous_attributes": before}
    return json.dumps({"id": event_id, "type": kind, "created": at, "data": data}).encode()


def at_least(count: int, rows: list[Any]) -> list[Any]:
    """Return the rows once there are so many, nothing before."""
    return rows if len(rows) >= count else []


def kept(stack: Stack, site: TestSite) -> list[dict[str, str]]:
    found = values(stack, "events")
    return [value for value in found if value.get("site_id") == site.site_id]


def test_the_secret_set_by_the_command_opens_the_door(stack: Stack, site: TestSite) -> None:
    done = stack.headwater("sites", "webhook", site.site_id, "stripe", "--secret", SECRET)
    address = done.stdout.strip()
    body = json.dumps({"id": "evt_1", "created": int(time.time()), "text": "é\u0000😀"}).encode()
    stack.wait_until("the edge knows the secret", lambda: send(address, body) == 200, 10)
    assert send(address, body) == 200
    assert send(address, body, "another") == 401
    events = kept(stack, site)
    assert {event["event_id"] for event in events} == {"evt_1"}
    assert {event["properties"] for event in events} == {body.decode()}
    stack.headwater("sites", "webhook", site.site_id, "stripe", "--secret", "")
    stack.wait_until("the door is closed", lambda: send(address, body) == 404, 10)


def test_what_was_paid_and_given_back_is_in_revenue_once(stack: Stack, site: TestSite) -> None:
    """The refund comes before the payment, each of them twice, and a forged payment never."""
    done = stack.headwater("sites", "webhook", site.site_id, "stripe", "--secret", SECRET)
    address, now = done.stdout.strip(), int(time.time())
    refund = told("charge.refunded", "evt_3", now, CHARGE, {"amount_refunded": 0})
    paid = told("invoice.paid", "evt_2", now - 60, INVOICE)
    stack.wait_until("taken", lambda: send(address, refund) == 200, 10)
    assert [send(address, body) for body in (refund, paid, paid)] == [200, 200, 200]
    assert send(address, paid.replace(b"2900", b"9900"), "another") == 401
    where = f"WHERE site_id = '{site.site_id}'"
    query = f"SELECT event_id, event_name, properties FROM lake.web.events {where} ORDER BY 1"
    wanted = [("evt_2", "webhook_received", paid), ("evt_3", "webhook_received", refund)]
    rows = stack.wait_until("both rows", lambda: at_least(2, stack.sql(query)), 60)
    assert rows == [(event_id, name, body.decode()) for event_id, name, body in wanted]
    assert stack.sql(f"SELECT count(*) FROM lake.analytics.events {where}") == [(0,)]
    dates = sorted({datetime.fromtimestamp(at, UTC).date().isoformat() for at in (now - 60, now)})
    words = ("restate", "--site", site.site_id, "--dates", ",".join(dates), "--wait")
    stack.headwater(*words, timeout=400)
    columns = "event_id, kind, revenue_amount, currency, revenue_usd_amount"
    assert stack.sql(f"SELECT {columns} FROM lake.analytics.revenue_events {where} ORDER BY 1") == [
        ("evt_2", "subscription", Decimal(29), "USD", Decimal(29)),
        ("evt_3", "refund", Decimal(-29), "USD", Decimal(-29)),
    ]
