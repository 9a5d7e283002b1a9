"""A little shop with the tracker on every page, and what a visitor in Chromium does there."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, BrowserContext, Page

from tests.integration.edge_topics import values
from tests.integration.pages import serving_pages
from tests.integration.stack import Stack, TestSite

COUNTED: Final = "data-capture-automation data-capture-localhost"
HIDDEN: Final = """Object.defineProperty(document, 'visibilityState', {value: 'hidden'});
    document.dispatchEvent(new Event('visibilitychange'))"""
STUB: Final = (
    "window.headwater=window.headwater||"
    "function(){(headwater.q=headwater.q||[]).push([Date.now(),arguments])}"
)
HEAD: Final = """<!doctype html><title>{title}</title><script>{stub}
{early}</script><script async src="{script}" {attributes}></script>{body}"""


@contextmanager
def served(script: str, bodies: dict[str, str]) -> Iterator[str]:
    """Serve `bodies` by path, each with the tracker; yield the address.

    `?attributes=...` and `?early=...` set the script's attributes and what is called before it
    arrives. `/slow` answers after 4 s, `/api` at once, `/gone` never exists.
    """

    def answer(path: str) -> tuple[int, str]:
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/slow":
            time.sleep(4)
        if parts.path not in bodies:
            return 404 if parts.path.startswith("/gone") else 200, "{}"
        return 200, HEAD.format(
            title=parts.path.strip("/") or "home",
            stub=STUB,
            early=query.get("early", ""),
            script=script,
            attributes=query.get("attributes", COUNTED),
            body=bodies[parts.path],
        )

    with serving_pages(answer) as address:
        yield address


@dataclass
class Visit:
    """One visitor's browser profile on the shop, and what arrived of them in topic `events`."""

    home: Stack
    site: TestSite
    address: str
    context: BrowserContext

    def open(self, path: str = "/", page: Page | None = None) -> Page:
        """Load a page and wait until both parts of the tracker run."""
        page = page or self.context.new_page()
        with page.expect_response("**part=more*"):
            page.goto(self.address + path)
        page.wait_for_function("!!window.headwater.core?.blame")
        return page

    def events(self, *names: str) -> list[dict[str, Any]]:
        """Return the distinct events of the site, those of these names, in the browser's order."""
        held = values(self.home, "events")
        distinct = {v["event_id"]: v for v in held if v.get("site_id") == self.site.site_id}
        found = [v for v in distinct.values() if not names or v["event_name"] in names]
        for event in found:
            event["properties"] = json.loads(event.get("properties", "{}"))
        return sorted(found, key=lambda v: (v["client_at"], v["seq"]))

    def pointers(self) -> list[dict[str, Any]]:
        """Return the site's distinct batches of pointer moves and depths, in their order."""
        held = values(self.home, "pointers")
        distinct = {v["event_id"]: v for v in held if v.get("site_id") == self.site.site_id}
        return sorted(distinct.values(), key=lambda v: v["client_at"])

    def wait_for(
        self, *names: str, count: int | None = None, seconds: float = 20
    ) -> list[dict[str, Any]]:
        """Wait for as many events of these names (default: one each) and return them."""
        wanted = len(names) if count is None else count
        found = self._until(lambda f: len(f) >= wanted, names, seconds)
        assert len(found) == wanted, [event["event_name"] for event in found]
        return found

    def all_until(self, name: str) -> list[dict[str, Any]]:
        """Wait for an event of this name; return all there is then."""
        self.wait_for(name)
        return self.events()

    def _until(
        self, is_enough: Callable[[list[dict[str, Any]]], bool], names: Any, seconds: float
    ) -> list[dict[str, Any]]:
        deadline = time.monotonic() + seconds
        while True:
            found = self.events(*names)
            if is_enough(found):
                return found
            if time.monotonic() > deadline:
                raise AssertionError(f"{names} not in {[e['event_name'] for e in self.events()]}")
            time.sleep(0.2)


@contextmanager
def visiting(
    home: Stack, browser: Browser, bodies: dict[str, str], **settings: Any
) -> Iterator[Visit]:
    """Make a site (`settings` as make_site takes them), serve its pages, and send somebody new."""
    site = home.make_site(f"site-{uuid.uuid4().hex[:8]}", **settings)
    context = browser.new_context()
    with served(f"{home.url('edge')}/s.js?k={site.write_key}", bodies) as address:
        yield Visit(home, site, address, context)
    context.close()
