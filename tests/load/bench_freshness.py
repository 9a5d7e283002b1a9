"""How long one event takes from the browser to SQL and to the API, everything running.

Measures the home of HEADWATER_HOME as it is, with whatever traffic it has.
"""

import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from tests.integration.commands import ask_api, post
from tests.integration.live import listening
from tests.integration.stack import Stack, TestSite
from tests.load.report import Figure, percentile
from tests.load.running_home import running_home

TITLE: Final = "Freshness"
DEFAULT_SIZE: Final = 20
_PAUSE_SECONDS: Final = 0.1
_EVENTS: Final = "SELECT event_id FROM analytics.events WHERE site_id = '{}'"


def measure(size: int) -> list[Figure]:
    """Send `size` events, one after the other, and wait for each."""
    stack = running_home()
    site = stack.make_site(f"bench-{uuid.uuid4().hex[:8]}")
    told = told_live(stack, site, 10 * size)
    in_sql, in_api = freshness(stack, site, size)
    return [
        *_figures("told live", told),
        *_figures("readable in SQL", in_sql),
        *_figures("counted by the API", in_api),
    ]


def _figures(name: str, seconds: list[float]) -> list[Figure]:
    shares = ((0.5, "p50"), (0.95, "p95"))
    note = f"{len(seconds)} events, one at a time"
    return [Figure(f"{name}: {p}", "s", (percentile(seconds, s),), note) for s, p in shares]


def freshness(stack: Stack, site: TestSite, count: int) -> tuple[list[float], list[float]]:
    """Return seconds from the edge's answer's request until SQL has each event and the API."""
    in_sql, in_api = [], []
    for number in range(count + 1):
        started = time.monotonic()
        send(stack, site, page_view(f"fresh-{number}"))
        wait_in_sql(stack, site, f"fresh-{number}")
        seconds = time.monotonic() - started
        wait_in_api(stack, site, number + 1)
        if number:  # the first question warms Trino up
            in_sql.append(seconds)
            in_api.append(time.monotonic() - started)
    return in_sql, in_api


def told_live(stack: Stack, site: TestSite, count: int) -> list[float]:
    """Return seconds from sending each event until a listener of the API has it."""
    path = f"/api/v1/sites/{site.site_id}/events/live"
    found = []
    with listening(stack.url("serving"), path, site.api_key) as heard:
        for number in range(count + 1):
            started = time.monotonic()
            send(stack, site, page_view(f"live-{number}"))
            told = heard.next()
            if number:  # the first waits until the edge knows the key
                found.append(told.at - started)
    return found


def page_view(event_id: str, visitor: str = "v1") -> dict[str, Any]:
    """Return a page view that happens now, in Segment's format."""
    return {
        "type": "page",
        "messageId": event_id,
        "anonymousId": visitor,
        "timestamp": datetime.now(UTC).isoformat(),
        "context": {"page": {"url": "https://www.example.com/a"}},
    }


def send(stack: Stack, site: TestSite, *events: dict[str, Any]) -> None:
    """Post events as a browser's batch; all must be taken."""
    body = {
        "writeKey": site.write_key,
        "sentAt": datetime.now(UTC).isoformat(),
        "batch": list(events),
    }
    # A key made a moment ago takes up to two seconds to reach the edge.
    status, answer = stack.wait_until("the key is known", lambda: _post_unless_new(stack, body))
    assert (status, answer.get("dropped")) == (200, []), answer


def _post_unless_new(stack: Stack, body: dict[str, Any]) -> tuple[int, dict[str, Any]] | None:
    status, answer = post(stack.url("edge"), "/v1/batch", body)
    return None if status == 401 else (status, answer)


def ids_in_sql(stack: Stack, site: TestSite) -> list[str]:
    """Return the ids that the view of events shows, sorted, repeats included."""
    return sorted(row[0] for row in stack.sql(_EVENTS.format(site.site_id), user="reader"))


def wait_in_sql(stack: Stack, site: TestSite, event_id: str) -> None:
    """Wait until SQL has the event."""
    _wait(stack, f"{event_id} in SQL", lambda: event_id in ids_in_sql(stack, site))


def wait_in_api(stack: Stack, site: TestSite, count: int) -> None:
    """Wait until the API counts so many page views today."""
    question = {"site": site.site_id, "metrics": ["page_views"], "date_range": "day"}

    def is_counted() -> bool:
        total = ask_api(stack, site.api_key, question)["totals"]["metrics"][0]
        return int(total or 0) >= count

    _wait(stack, f"{count} page views in the API", is_counted)


def _wait(stack: Stack, what: str, is_so: Callable[[], bool]) -> None:
    stack.wait_until(what, is_so, pause=_PAUSE_SECONDS)
