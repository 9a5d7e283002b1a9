"""Usable by keyboard, by ear, in both colours, on a small screen (WCAG 2.2 AA)."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import PATIENCE_MS
from tests.browser.made_up_api import DIST, MadeUpApi, annotation, problem

AXE = DIST.parent / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
TARGET_PX = 24


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Any]:
    """Open the page in a window of a given kind; the policy steps aside for axe."""
    contexts = []

    def open_in(path: str = "/?site=demo", width: int = 1280, scheme: Any = "light") -> Page:
        context = browser.new_context(
            base_url=address,
            viewport={"width": width, "height": 800},
            color_scheme=scheme,
            reduced_motion="reduce",
            bypass_csp=True,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto(path)
        return page

    yield open_in
    for context in contexts:
        context.close()


def _violations(page: Page) -> list[str]:
    page.add_script_tag(path=str(AXE))
    found: list[str] = page.evaluate(
        """async (tags) => (await axe.run({runOnly: tags})).violations.flatMap((one) =>
        one.nodes.map((node) => `${one.id}: ${node.target} ${node.failureSummary}`))""",
        RULES,
    )
    return found


def _ready(page: Page) -> None:
    expect(page.locator("[data-metric=visitors] .tile-value")).to_have_text("1,000")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_overview_has_no_known_barrier(
    open_page: Any, api: MadeUpApi, scheme: str, width: int
) -> None:
    api.annotations = [annotation("Sale", "2026-11-19")]
    page = open_page("/?site=demo&f=is,country,DE", width, scheme)
    _ready(page)
    assert _violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_menus_and_table_have_no_known_barrier(open_page: Any, api: MadeUpApi, scheme: str) -> None:
    api.annotations = [annotation("Sale " * 60, "2026-11-19")]
    page = open_page("/?site=demo&v=table", 1280, scheme)
    _ready(page)
    page.get_by_role("button", name="Last 28 days").click()
    assert _violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_and_failures_have_no_known_barrier(
    open_page: Any, api: MadeUpApi, scheme: str
) -> None:
    api.is_empty = True
    assert _violations(open_page(scheme=scheme)) == []
    api.refuse = lambda path: problem(401, "not_signed_in", "Not signed in")
    assert _violations(open_page(scheme=scheme)) == []
    api.refuse = lambda path: (
        problem(503, "lake_busy", "The lake is busy", "Wait.") if "queries" in path else None
    )
    page = open_page(scheme=scheme)
    expect(page.get_by_role("alert").first).to_be_visible()
    assert _violations(page) == []


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_sticks_out_and_targets_can_be_hit(open_page: Any, width: int) -> None:
    page = open_page("/?site=demo&f=is,page,/a-rather-long-path/that/goes/on/and/on/and/on", width)
    _ready(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    small = page.evaluate(
        """(least) => [...document.querySelectorAll('button, select, input, main a')]
        .filter((one) => one.checkVisibility() && !one.closest('p'))
        .map((one) => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
        .filter(([, box]) => box.width < least || box.height < least)
        .map(([html, box]) => `${html} ${box.width}x${box.height}`)""",
        TARGET_PX,
    )
    # A tile's name and its whole tile are one target.
    assert [one for one in small if "tile-name" not in one] == []


def test_chart_speaks_when_arrows_move_along_it(page: Page) -> None:
    page.goto("/?site=demo")
    chart = page.get_by_role("img", name="Visitors by day")
    expect(chart).to_have_attribute(
        "aria-label",
        "Visitors by day, 8 points. Highest 1,000 on Sat, 14 Nov 2026, "
        "lowest 400 on Fri, 20 Nov 2026.",
    )
    chart.focus()
    page.keyboard.press("End")
    spoken = page.locator("figure [aria-live]")
    expect(spoken).to_contain_text("Sat, 21 Nov 2026: 300, still counting, 150 on")
    page.keyboard.press("ArrowLeft")
    expect(spoken).to_contain_text("Fri, 20 Nov 2026: 400")
    expect(page.locator(".point")).to_contain_text("400")
    page.keyboard.press("Escape")
    expect(page.locator(".point")).to_have_count(0)


def test_result_of_a_filter_is_said_once(page: Page, api: MadeUpApi) -> None:
    page.goto("/?site=demo")
    expect(page).to_have_title("Demo · Headwater")
    said = page.locator("main > [aria-live]")
    expect(said).to_have_text("Last 28 days: 1,000 visitors")
    api.visitors = 900
    page.get_by_role("link", name="Germany").click()
    expect(said).to_have_text("Last 28 days, filtered: 900 visitors")
    api.visitors = 901
    expect(page.locator("[data-metric=visitors] .tile-value")).to_have_text("901")
    expect(said).to_have_text("Last 28 days, filtered: 900 visitors")


def test_table_says_what_the_chart_draws(page: Page) -> None:
    page.goto("/?site=demo")
    page.get_by_role("button", name="View as table").click()
    rows = page.get_by_role("region", name="Visitors as a table").locator("tbody tr")
    expect(rows).to_have_count(8)
    assert rows.first.locator("td").all_inner_texts() == [
        "Sat, 14 Nov 2026",
        "1,000",
        "500",
        "+100%",
    ]
    expect(rows.last).to_contain_text("still counting")


def test_everything_is_reached_by_keyboard(page: Page) -> None:
    page.goto("/?site=demo")
    expect(page.locator("[data-metric=visitors] .tile-value")).to_have_text("1,000")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the numbers")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    what = page.get_by_role("button", name="What is Visitors?")
    expect(what).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".definition:popover-open")).to_contain_text("Different visitors")
    page.keyboard.press("Escape")
    expect(page.locator(".definition:popover-open")).to_have_count(0)
    expect(what).to_be_focused()


def test_colours_are_chosen_and_kept(page: Page) -> None:
    page.goto("/?site=demo")
    expect(page.locator("[data-metric=visitors] .tile-value")).to_have_text("1,000")
    light = _paper(page)
    page.get_by_role("button", name="Dark colours").click()
    dark = _paper(page)
    assert dark != light
    page.reload()
    assert _paper(page) == dark
    page.get_by_role("button", name="Light colours").click()
    assert _paper(page) == light


def _paper(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))
