"""A payment webhook from the vendor's signature to the table, and no further."""

import hashlib
import hmac
import json
import time
import uuid
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from tests.integration.edge_topics import values
from tests.integration.stack import Stack, TestSite

pytestmark = pytest.mark.slow

SECRET = "whsec_of_this_test"


@pytest.fixture
def site(stack: Stack) -> TestSite:
    return stack.make_site(f"webhooks-{uuid.uuid4().hex[:8]}")


def send(address: str, body: bytes, secret: str = SECRET) -> int:
    """Send a webhook as Stripe does; return the status."""
    at = int(time.time())
    mark = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    parts = urlsplit(address)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    headers = {"Content-Type": "application/json", "Stripe-Signature": f"t={at},v1={mark}"}
    connection.request("POST", parts.path, body, headers)
    status = connection.getresponse().status
    connection.close()
    return status


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


def test_a_webhook_is_in_the_table_once_and_in_no_view(stack: Stack, site: TestSite) -> None:
    done = stack.headwater("sites", "webhook", site.site_id, "stripe", "--secret", SECRET)
    body = b'{"id": "evt_2"}'
    address = done.stdout.strip()
    stack.wait_until("taken", lambda: send(address, body) == 200, 10)
    assert send(address, body) == 200
    where = f"WHERE site_id = '{site.site_id}'"
    query = f"SELECT event_id, event_name, properties FROM lake.web.events {where}"
    rows = stack.wait_until("a row", lambda: stack.sql(query), 60)
    assert rows == [("evt_2", "webhook_received", body.decode())]
    assert stack.sql(f"SELECT count(*) FROM lake.analytics.events {where}") == [(0,)]
