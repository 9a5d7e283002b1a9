"""The browser script in real Chromium, from a page to the topic."""

import functools
import http.server
import json
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.browser.chromium import started
from tests.integration.edge_home import running_edge
from tests.integration.edge_topics import records
from tests.integration.stack import Stack, TestSite

pytestmark = pytest.mark.slow

HTML = """<!doctype html><title>{name}</title>
<script>window.headwater=window.headwater||function(){{(headwater.q=headwater.q||[]).push([Date.now(),arguments])}}
headwater('track','early',{{from:'stub'}})</script>
<script async src="{edge}/s.js?k={key}" {attributes}></script>
<button id="buy" onclick="headwater.track('sign_up',{{plan:'pro'}})">buy</button>
<div style="height:3000px"></div>"""
GPC = "Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})"
DNT = "Object.defineProperty(navigator, 'doNotTrack', {value: '1'})"
COUNTED = "data-capture-automation data-capture-localhost data-clicks"


@pytest.fixture(scope="module")
def home() -> Iterator[Stack]:
    with running_edge() as stack:
        yield stack


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started() as browser:
        yield browser


@pytest.fixture
def site(home: Stack) -> TestSite:
    return home.make_site(f"site-{uuid.uuid4().hex[:8]}")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def pages(home: Stack, site: TestSite, tmp_path: Path) -> Iterator[str]:
    """Serve a little site: index.html and two.html are counted, plain.html has no attributes."""
    for name, attributes in (("index", COUNTED), ("two", COUNTED), ("plain", "")):
        html = HTML.format(
            name=name, edge=home.url("edge"), key=site.write_key, attributes=attributes
        )
        (tmp_path / f"{name}.html").write_text(html)
    handler = functools.partial(_Quiet, directory=str(tmp_path))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(browser: Browser, home: Stack, site: TestSite) -> Iterator[Page]:
    context = browser.new_context()
    script = f"{home.url('edge')}/s.js?k={site.write_key}"
    home.wait_until("key works", lambda: context.request.get(script).ok, 5)
    yield context.new_page()
    context.close()


def events(home: Stack, site: TestSite) -> list[dict[str, Any]]:
    """Return the site's distinct events in the order of the browser."""
    values = [json.loads(record.value) for record in records(home, "events")]
    distinct = {v["event_id"]: v for v in values if v["site_id"] == site.site_id}
    return sorted(distinct.values(), key=lambda v: (v["client_at"], v["seq"]))


def views(home: Stack, site: TestSite) -> list[dict[str, Any]]:
    return [e for e in events(home, site) if e["event_name"] in ("page_view", "early")]


def wait_for(home: Stack, site: TestSite, names: list[str]) -> list[dict[str, Any]]:
    """Wait for exactly these events, in this order."""
    deadline = time.monotonic() + 20
    while True:
        found = events(home, site)
        if [event["event_name"] for event in found] == names or time.monotonic() > deadline:
            assert [event["event_name"] for event in found] == names
            return found


def _slowly(route: Route) -> None:
    time.sleep(0.3)
    route.continue_()


def load(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_function("!!window.headwater.track")


def test_visit_from_first_view_to_closed_tab(
    home: Stack, site: TestSite, pages: str, page: Page
) -> None:
    # The script takes its time; what is called meanwhile keeps its own.
    page.route("**/s.js*", _slowly)
    load(page, f"{pages}/index.html?utm_source=google&utm_medium=cpc")
    loaded_at = page.evaluate("Date.now()")
    page.click("#buy")
    page.mouse.wheel(0, 1_200)
    page.wait_for_timeout(300)
    page.evaluate("history.pushState({}, '', '/second?x=1')")
    page.wait_for_timeout(200)
    page.evaluate("headwater.identify('u7', {name: 'Ada'})")
    page.evaluate("headwater('conversion', 'trial', {value: 9.5, currency: 'EUR'})")
    page.close()
    found = wait_for(home, site, [
        "page_view", "early", "click", "sign_up", "page_leave",
        "page_view", "identify", "trial", "page_leave",
    ])  # fmt: skip
    view, early, click, sign_up, leave, second, identify, trial, _ = found
    assert (view["channel"], view["page_title"], view["seq"]) == ("Paid Search", "index", 0)
    assert view["is_new_visitor_hint"] is True
    assert (early["properties"], sign_up["properties"]) == ('{"from":"stub"}', '{"plan":"pro"}')
    # Called before the script was there: it keeps its time, and the page was seen no later.
    assert view["client_at"] <= early["client_at"] <= loaded_at - 200
    assert click["click_target"] == "button#buy"
    assert click["click_x_px"] > 0
    assert leave["page_view_id"] == view["page_view_id"] != second["page_view_id"]
    assert 250 <= leave["engaged_ms"] <= 20_000
    assert 20 < leave["scroll_percent"] < 100
    assert (second["page_path"], second["channel"]) == ("/second", "Direct")
    assert "user_id" not in second
    assert (identify["user_id"], trial["user_id"]) == ("u7", "u7")
    assert (trial["is_conversion"], trial["revenue_amount"]) == (True, "9.5000")
    assert len({event["visitor_id"] for event in found}) == 1
    assert len({event["client_session_id"] for event in found}) == 1


def test_visitor_is_known_on_the_next_page(
    home: Stack, site: TestSite, pages: str, page: Page
) -> None:
    load(page, f"{pages}/index.html")
    load(page, f"{pages}/two.html")
    page.evaluate("headwater.flush()")
    found = home.wait_until(
        "both pages",
        lambda: f if len(f := views(home, site)) == 4 else None,
    )
    assert len({event["visitor_id"] for event in found}) == 1
    assert [event["page_path"] for event in found] == ["/index.html"] * 2 + ["/two.html"] * 2


def test_events_wait_out_an_edge_that_is_away(
    home: Stack, site: TestSite, pages: str, page: Page
) -> None:
    page.route("**/e", lambda route: route.fulfill(status=503))
    load(page, f"{pages}/index.html")
    page.evaluate("headwater.flush()")
    page.wait_for_timeout(500)
    assert events(home, site) == []
    page.unroute("**/e")
    wait_for(home, site, ["page_view", "early"])


@pytest.mark.parametrize(
    ("file", "script", "headers"),
    [
        ("plain.html", "", {}),  # a driven browser on localhost
        ("index.html", GPC, {}),
        ("index.html", DNT, {}),
        ("index.html", "", {"Sec-GPC": "1"}),  # the edge sees what the script does not
    ],
)
def test_nothing_is_sent_or_stored_of_who_is_not_to_be_counted(
    home: Stack, site: TestSite, pages: str, page: Page,
    file: str, script: str, headers: dict[str, str],
) -> None:  # fmt: skip
    page.add_init_script(script)
    page.set_extra_http_headers(headers)
    load(page, f"{pages}/{file}")
    page.evaluate("headwater.track('x'); headwater.flush()")
    page.wait_for_timeout(500)
    if not headers:
        assert page.evaluate("localStorage.length") == 0
    assert events(home, site) == []
