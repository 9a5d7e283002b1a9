"""A visitor in Chromium on a page with the snippet; the number on the dashboard rises."""

import uuid
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from serving.control.links import create_sign_in_link
from tests.browser import chromium
from tests.integration.pages import serving_pages
from tests.integration.stack import Stack, TestSite

# Tests run in an automated browser on this machine, which the tracker leaves out by default.
SHOP: Final = """<!doctype html><title>Shop</title>
<script async src="{script}" data-capture-automation data-capture-localhost></script>
<h1>Shop</h1><a href="/basket">Basket</a>
<button onclick="headwater.track('sign_up')">Sign up</button>"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.started() as started:
        yield started


@pytest.fixture
def site(stack: Stack) -> TestSite:
    return stack.make_site(f"page-{uuid.uuid4().hex[:8]}", name="The shop", timezone="Asia/Tokyo")


@pytest.fixture
def shop(stack: Stack, site: TestSite) -> Iterator[str]:
    """The customer's own server: every path is a page with the snippet."""
    script = f"{stack.url('edge')}/s.js?k={site.write_key}"
    # A browser asks for a script once; a new key reaches the edge some seconds after it was made.
    stack.wait_until("the edge knows the new key", lambda: httpx.get(script).is_success)
    html = SHOP.format(script=script)
    with serving_pages(lambda path: (200, html)) as address:
        yield address


@pytest.fixture
def dashboard(stack: Stack, site: TestSite, browser: Browser) -> Iterator[Page]:
    """The page, signed in by a one-time link, on the new site and today."""
    with stack.postgres() as connection:
        token = create_sign_in_link(connection)
    context = browser.new_context(base_url=stack.url("serving"))
    page = context.new_page()
    page.set_default_timeout(chromium.PATIENCE_MS)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    context.request.get(f"/sign-in?token={token}", max_redirects=0)
    page.goto(f"/?site={site.site_id}&p=day")
    yield page
    context.close()
    assert faults == []


def _tile(page: Page, metric: str) -> Any:
    return page.locator(f"[data-metric={metric}] .tile-value")


def _visit(browser: Browser, address: str) -> Page:
    """Open a page as somebody new and wait until the tracker runs."""
    visitor = browser.new_page()
    visitor.set_default_timeout(chromium.PATIENCE_MS)
    visitor.goto(address)
    _wait_for_tracker(visitor)
    return visitor


def _wait_for_tracker(visitor: Page) -> None:
    visitor.wait_for_function("!!(window.headwater && headwater.track)")


def test_number_rises_while_a_visitor_clicks(
    dashboard: Page, shop: str, browser: Browser, site: TestSite
) -> None:
    expect(dashboard.get_by_role("heading", name="No data in this period")).to_be_visible()
    expect(dashboard.locator("main")).to_contain_text(f"keys create --site {site.site_id}")

    visitor = _visit(browser, shop)
    visitor.get_by_role("button", name="Sign up").click()
    visitor.get_by_role("link", name="Basket").click()
    visitor.wait_for_url("**/basket")
    _wait_for_tracker(visitor)
    visitor.close()

    expect(_tile(dashboard, "page_views")).to_have_text("2")
    expect(_tile(dashboard, "visitors")).to_have_text("1")
    expect(dashboard.locator("[data-now]")).to_have_text("1")
    events = dashboard.get_by_role("region", name="Events")
    expect(events.get_by_role("link", name="sign_up")).to_be_visible()
    expect(dashboard.locator(".freshness")).to_contain_text("(Asia/Tokyo), may still change")

    _visit(browser, f"{shop}/pricing").close()
    expect(_tile(dashboard, "page_views")).to_have_text("3")
    expect(_tile(dashboard, "visitors")).to_have_text("2")

    dashboard.get_by_role("region", name="Pages").get_by_role("link", name="/basket").click()
    expect(_tile(dashboard, "page_views")).to_have_text("1")


def test_stranger_sees_no_number(stack: Stack, site: TestSite, browser: Browser) -> None:
    context = browser.new_context(base_url=stack.url("serving"))
    page = context.new_page()
    page.goto(f"/?site={site.site_id}")
    expect(page.get_by_role("heading", name="You are not signed in")).to_be_visible()
    expect(page.locator(".board")).to_have_count(0)
    context.close()
