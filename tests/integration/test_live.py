"""The tracker's hints and all other events are told to whoever listens, moments after they came."""

import time
import uuid
from typing import Any, Final

import pytest

from tests.integration.commands import post
from tests.integration.live import Heard, listening
from tests.integration.stack import Stack, TestSite


@pytest.fixture(scope="module")
def site(stack: Stack) -> TestSite:
    return stack.make_site(f"live-{uuid.uuid4().hex[:8]}")


@pytest.fixture(scope="module")
def other(stack: Stack) -> TestSite:
    return stack.make_site(f"live-{uuid.uuid4().hex[:8]}")


def send(stack: Stack, site: TestSite, *events: dict[str, Any]) -> None:
    """Post a tracker's batch; all of it must be taken."""
    batch = {"key": site.write_key, "visitor_id": "v1", "sent_at": int(time.time() * 1000)}
    status, answer = post(stack.url("edge"), "/e", {**batch, "events": list(events)})
    assert (status, answer.get("dropped", [])) == (200, []), answer


def an_event(name: str, **columns: Any) -> dict[str, Any]:
    own = {"event_name": name, "event_id": uuid.uuid4().hex, "client_at": int(time.time() * 1000)}
    return {**own, "page_url": "https://shop.example/cart", **columns}


def path(site: TestSite, rest: str) -> str:
    return f"/api/v1/sites/{site.site_id}/{rest}"


def names(heard: Heard, count: int) -> list[str]:
    return [heard.next().data["event_name"] for _ in range(count)]


RAGE: Final = {"click_target": "button#buy", "properties": {"burst_id": "b", "click_count": 3}}


def test_hints_are_passed_on_and_nothing_else(
    stack: Stack, site: TestSite, other: TestSite
) -> None:
    serving = stack.url("serving")
    with listening(serving, path(site, "friction/live"), site.api_key) as heard:
        assert heard.status == 200
        send(stack, other, an_event("rage_click"))
        rage = an_event("rage_click", **RAGE)
        send(stack, site, an_event("page_view"), rage, an_event("dead_click"))
        send(stack, site, rage)  # once more, as a browser does that heard no answer
        send(stack, site, an_event("error_click"))
        first = heard.next()
        assert first.data["event_id"] == rage["event_id"]
        assert (first.data["page_path"], first.data["click_target"]) == ("/cart", "button#buy")
        assert first.data["properties"]["click_count"] == 3
        assert names(heard, 2) == ["dead_click", "error_click"]
    missed = [an_event(name) for name in ("dead_click", "page_view", "rage_click")]
    send(stack, site, *missed)
    chosen = path(site, "friction/live?kind=rage_click")
    with listening(serving, chosen, site.api_key, after=first.place) as heard:
        assert heard.next().data["event_id"] == missed[2]["event_id"]
    with listening(serving, chosen, site.api_key, after="0-999999999") as heard:
        assert heard.next().kind == "skipped"


def test_the_feed_is_the_same_with_another_filter(stack: Stack, site: TestSite) -> None:
    serving = stack.url("serving")
    with (
        listening(serving, path(site, "events/live"), site.api_key) as everything,
        listening(serving, path(site, "events/live?name=sign_up"), site.api_key) as some,
    ):
        send(stack, site, an_event("page_view"), an_event("sign_up"), an_event("click"))
        assert names(everything, 3) == ["page_view", "sign_up", "click"]
        assert names(some, 1) == ["sign_up"]


def test_a_foreign_key_hears_nothing(stack: Stack, site: TestSite, other: TestSite) -> None:
    with listening(stack.url("serving"), path(site, "events/live"), other.api_key) as heard:
        assert heard.status == 403
