"""A client's address is found nowhere: not in topics, tables, logs or any file of the home."""

import base64
import uuid

import pytest

from schemas.load import TOPICS
from tests.integration.commands import post
from tests.integration.edge_home import files_with
from tests.integration.edge_topics import records
from tests.integration.stack import Stack, TestSite

pytestmark = pytest.mark.slow

# Public addresses of nobody we know: of the connection, of context.ip, of an imported line.
ADDRESSES = ("81.2.69.142", "2a02:cf40:add:4002::77", "89.160.20.112")


@pytest.fixture
def site(stack: Stack) -> TestSite:
    return stack.make_site(f"privacy-{uuid.uuid4().hex[:8]}")


def send_with_addresses(stack: Stack, site: TestSite, mark: str) -> None:
    """Send accepted, refused and imported events that carry addresses in every usual place."""
    first, second, third = ADDRESSES
    url, headers = stack.url("edge"), {"X-Forwarded-For": f"6.6.6.6, {first}"}
    view = {
        "event_id": f"{mark}-a", "event_name": "page_view",
        "page_url": f"https://x.example/?from={first}", "properties": {"ip": first, "note": first},
    }  # fmt: skip
    body = {"key": site.write_key, "visitor_id": mark, "events": [view, {**view, "seq": 2**40}]}
    stack.wait_until("events taken", lambda: post(url, "/e", body, headers)[0] == 207, 10)
    secret = {"Authorization": "Basic " + base64.b64encode(f"{site.secret_key}:".encode()).decode()}
    context = {"ip": second, "userAgent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0"}
    track = {
        "type": "track", "event": "x", "anonymousId": mark, "messageId": f"{mark}-b",
        "context": context, "properties": {"$ip": second},
    }  # fmt: skip
    assert post(url, "/v1/batch", {"batch": [track, {**track, "event": ""}]}, secret)[0] == 200
    line = {
        "type": "page", "messageId": f"{mark}-c", "timestamp": "2015-05-17T10:05:03Z",
        "context": {**context, "ip": third},
    }  # fmt: skip
    assert post(url, "/v1/batch", {"history": True, "batch": [line]}, secret)[0] == 200


def tables_with(stack: Stack, text: str) -> list[str]:
    """Return the tables of schema web in which the text stands in some column."""
    columns = stack.sql(
        "SELECT table_name, column_name FROM lake.information_schema.columns "
        "WHERE table_schema = 'web' AND data_type LIKE 'varchar%'"
    )
    found = []
    for table in sorted({name for name, _ in columns}):
        parts = [f"coalesce(\"{column}\", '')" for name, column in columns if name == table]
        joined = "concat_ws('|', " + ", ".join([*parts, "''"]) + ")"
        query = f"SELECT count(*) FROM lake.web.{table} WHERE strpos({joined}, '{text}') > 0"
        if stack.sql(query)[0][0]:
            found.append(table)
    return found


def topics_with(stack: Stack, text: str) -> list[str]:
    """Return the topics in which some record's key, value or header holds the text."""
    return [
        topic
        for topic in TOPICS
        if any(text in f"{r.key!r}{r.value!r}{r.headers!r}" for r in records(stack, topic))
    ]


def test_the_address_is_found_nowhere(stack: Stack, site: TestSite) -> None:
    mark = f"mark-{uuid.uuid4().hex}"
    send_with_addresses(stack, site, mark)
    places = f"SELECT country FROM web.events WHERE site_id = '{site.site_id}'"
    rows = stack.wait_until(
        "three rows", lambda: r if len(r := stack.sql(places)) == 3 else None, 60
    )
    # The address was known long enough to be of use.
    assert sorted(str(row[0]) for row in rows) == ["DK", "GB", "SE"]
    stack.wait_until("refused rows", lambda: "rejected_events" in tables_with(stack, mark), 60)
    # The searches find what is there ...
    assert set(topics_with(stack, mark)) >= {"events", "imported-events", "rejected-events"}
    assert {"events", "rejected_events"} <= set(tables_with(stack, mark))
    # ... and no address.
    for address in ADDRESSES:
        assert topics_with(stack, address) == []
        assert tables_with(stack, address) == []
        assert files_with(stack.home, address.encode()) == []
