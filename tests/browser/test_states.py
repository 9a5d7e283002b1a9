"""Empty, waiting, failed, not signed in: each says what happened and what to do."""

import re

from playwright.sync_api import Page, expect

from serving.query.schemas import Problem, Question
from tests.browser.made_up_api import MadeUpApi, problem

AWAY = problem(503, "lake_unavailable", "The lake does not answer", "Trino is away.")
LAYOUT_SHIFT_LIMIT = 0.02


def _away(path: str) -> Problem | None:
    return AWAY if path == "/api/v1/queries" else None


def test_new_site_is_told_how_to_get_data(page: Page, api: MadeUpApi) -> None:
    api.is_empty = True
    page.goto("/?site=demo")
    expect(page.get_by_role("heading", name="No data in this period")).to_be_visible()
    expect(page.locator("main")).to_contain_text("headwater keys create --site demo --kind pub")
    expect(page.locator("main")).to_contain_text("/s.js?k=KEY")
    api.is_empty = False
    expect(page.locator("[data-metric=visitors] .tile-value")).to_have_text("1,000")


def test_filter_that_fits_nothing_offers_to_go(page: Page, api: MadeUpApi) -> None:
    api.is_empty = True
    page.goto("/?site=demo&f=is,country,AQ")
    panel = page.get_by_role("region", name="Pages")
    expect(panel).to_contain_text("Nothing matches")
    api.is_empty = False
    panel.get_by_role("link", name="Remove all filters").click()
    expect(panel.get_by_role("link", name="/pricing")).to_be_visible()


def test_waiting_shows_bones_and_nothing_jumps(page: Page, api: MadeUpApi) -> None:
    api.gate.clear()
    page.add_init_script(
        """window.shift = 0; new PerformanceObserver((list) => {
        for (const one of list.getEntries()) window.shift += one.value;
        }).observe({type: 'layout-shift', buffered: true})"""
    )
    page.goto("/?site=demo", wait_until="commit")
    expect(page.get_by_role("status", name="Loading").first).to_be_visible()
    api.gate.set()
    expect(page.locator("[data-metric=visitors] .tile-value")).to_have_text("1,000")
    expect(page.get_by_role("status", name="Loading")).to_have_count(0)
    page.wait_for_timeout(200)
    assert page.evaluate("window.shift") <= LAYOUT_SHIFT_LIMIT


def test_failure_names_the_request_and_can_be_tried_again(page: Page, api: MadeUpApi) -> None:
    api.refuse = _away
    page.goto("/?site=demo")
    board = page.get_by_role("region", name="Overview")
    expect(board).to_contain_text("The lake does not answer")
    expect(board).to_contain_text("Trino is away.")
    expect(board).to_contain_text("req-0042")
    api.refuse = lambda path: None
    board.get_by_role("button", name="Try again").click()
    expect(page.locator("[data-metric=visitors] .tile-value")).to_have_text("1,000")


def test_one_failed_question_leaves_the_others(page: Page, api: MadeUpApi) -> None:
    def fail(question: Question) -> Problem | None:
        slow = problem(503, "lake_busy", "The lake is busy", "It took more than 10 s.")
        return slow if question.dimensions == ["page"] else None

    api.fail = fail
    page.goto("/?site=demo")
    expect(page.get_by_role("region", name="Pages")).to_contain_text("The lake is busy")
    expect(page.get_by_role("region", name="Audience")).to_contain_text("Germany")
    expect(page.locator("[data-metric=visitors] .tile-value")).to_have_text("1,000")


def test_numbers_that_could_not_be_renewed_stay_and_say_so(page: Page, api: MadeUpApi) -> None:
    page.goto("/?site=demo")
    expect(page.locator("[data-metric=visitors] .tile-value")).to_have_text("1,000")
    api.refuse = _away
    notice = page.locator(".notice")
    expect(notice).to_contain_text("These are the numbers of")
    expect(notice).to_contain_text("12:03:10")
    expect(page.locator("[data-metric=visitors] .tile-value")).to_have_text("1,000")
    api.refuse = lambda path: None
    notice.get_by_role("button", name="Try again").click()
    expect(notice).to_have_count(0)


def test_who_is_not_signed_in_learns_where_the_link_is(page: Page, api: MadeUpApi) -> None:
    api.refuse = lambda path: problem(401, "not_signed_in", "Not signed in")
    page.goto("/?site=demo")
    expect(page.get_by_role("heading", name="You are not signed in")).to_be_visible()
    expect(page.locator("main")).to_contain_text("headwater open")
    expect(page.locator(".board")).to_have_count(0)


def test_session_that_ends_meanwhile_says_so(page: Page, api: MadeUpApi) -> None:
    page.goto("/?site=demo")
    expect(page.locator("[data-metric=visitors] .tile-value")).to_have_text("1,000")
    api.refuse = lambda path: problem(401, "not_signed_in", "Not signed in")
    expect(page.get_by_role("heading", name="You are not signed in")).to_be_visible()


def test_no_site_and_unknown_site(page: Page, api: MadeUpApi) -> None:
    page.goto("/?site=nowhere")
    expect(page.get_by_role("heading", name="There is no site “nowhere”")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Other").click()
    expect(page).to_have_url(re.compile("site=other"))
    api.sites = []
    page.goto("/")
    expect(page.locator("main")).to_contain_text("headwater sites create")


def test_server_that_does_not_answer(page: Page, api: MadeUpApi) -> None:
    page.route("**/api/**", lambda route: route.abort())
    page.goto("/?site=demo")
    expect(page.locator("main")).to_contain_text("The server did not answer")
    page.unroute("**/api/**")
    expect(page.locator("[data-metric=visitors] .tile-value")).to_have_text("1,000")
    expect(page.get_by_label("Site").locator("option")).to_have_text(["Demo", "Other"])
