"""What is shown is what was asked, and all of it stands in the address."""

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from serving.query.schemas import Question
from tests.browser.made_up_api import MadeUpApi, annotation, problem

EVERYTHING = (
    "/?site=demo&p=2026-11-01~2026-11-20&cmp=none&f=is,country,DE&f=is_not,page,/docs?a=1!.2"
    "&m=revenue&i=week&t=entry_page,device&v=table"
)


def _last_asked(page: Page, api: MadeUpApi, **expected: Any) -> list[Question]:
    """Wait until the first question of the last request is as expected; return the request."""
    for _ in range(100):
        last = api.asked[-1] if api.asked else []
        if last and all(getattr(last[0], name) == value for name, value in expected.items()):
            return last
        page.wait_for_timeout(100)
    raise AssertionError(f"never asked {expected}; last: {api.asked[-1:]}")


def _figure(page: Page, metric: str) -> str:
    return page.locator(f"[data-metric={metric}] .tile-value").inner_text()


def _rows(page: Page, panel: str) -> Locator:
    return page.get_by_role("region", name=panel).locator("tbody .label span:first-child")


def test_first_view_is_one_request(page: Page, api: MadeUpApi) -> None:
    page.goto("/?site=demo")
    expect(page.locator("[data-metric=visitors] .tile-value")).to_have_text("1,000")
    assert [len(batch) for batch in api.asked] == [5]
    assert api.paths.count("/api/v1/sites") == 1


def test_first_request_does_not_wait_for_the_bundle(page: Page, api: MadeUpApi) -> None:
    page.route("**/assets/*.js", lambda route: route.abort())
    with page.expect_response("**/api/v1/queries"):
        page.goto("/?site=demo")
    assert [len(batch) for batch in api.asked] == [5]


def test_figures_are_the_answers_own(page: Page) -> None:
    page.goto("/?site=demo")
    expect(page.locator("[data-metric=visitors] .tile-change")).to_have_text("+100% from 500")
    assert _figure(page, "bounce_rate") == "50.0%"
    assert _figure(page, "session_duration") == "1m 40s"
    assert _figure(page, "revenue") == "$1,500.00"
    pages = page.get_by_role("region", name="Pages").locator("tbody tr")
    assert pages.first.locator("td").all_inner_texts()[1:] == ["1,000", "1,000"]
    expect(page.locator("[data-now]")).to_have_text("7")
    expect(page.locator(".freshness")).to_contain_text("12:03:10 (Europe/Berlin), may still change")
    expect(page.get_by_role("link", name="IP Geolocation by DB-IP")).to_be_visible()


def test_what_was_noted_is_on_the_chart_and_in_the_table(page: Page, api: MadeUpApi) -> None:
    api.annotations = [
        annotation("<b>Sale</b>", "2026-11-19", until="2026-11-30"),
        *(annotation(f"Release {number}", "2026-11-20") for number in range(4)),
    ]
    with page.expect_request("**/sites/demo/annotations?from=2026-11-21&to=2026-11-21"):
        page.goto("/?site=demo")
    chart = page.get_by_role("img", name="Visitors by day")
    expect(chart).to_have_attribute(
        "aria-label", re.compile("Noted on Thu, 19 Nov 2026; Fri, 20 Nov 2026.$")
    )
    expect(page.locator(".legend")).to_contain_text("Noted")
    chart.focus()
    page.keyboard.press("End")
    expect(page.locator(".point .note")).to_have_count(0)
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".point .note")).to_have_text(
        ["Release 0", "Release 1", "Release 2", "and 1 more: view as table"]
    )
    page.keyboard.press("ArrowLeft")
    expect(page.locator("figure [aria-live]")).to_contain_text(
        "Noted: <b>Sale</b> (until 30 Nov 2026)"
    )
    page.get_by_role("button", name="View as table").click()
    rows = page.get_by_role("region", name="Visitors as a table").locator("tbody tr")
    expect(rows.nth(5).locator(".noted")).to_have_text("<b>Sale</b> (until 30 Nov 2026)")
    expect(rows.nth(6).locator(".noted")).to_contain_text("Release 2; Release 3")
    expect(rows.nth(7).locator(".noted")).to_have_text("")


def test_without_its_notes_the_chart_stands(page: Page, api: MadeUpApi) -> None:
    api.refuse = lambda path: (
        problem(503, "control_unavailable", "Away") if "annotations" in path else None
    )
    page.goto("/?site=demo")
    expect(page.locator("[data-metric=visitors] .tile-value")).to_have_text("1,000")
    expect(page.get_by_role("img", name="Visitors by day")).to_be_visible()
    expect(page.locator(".legend")).not_to_contain_text("Noted")


def test_tile_switches_the_chart_without_asking_again(page: Page, api: MadeUpApi) -> None:
    page.goto("/?site=demo")
    page.get_by_role("button", name="Bounce rate", exact=True).click()
    expect(page.locator("figure h2")).to_have_text("Bounce rate")
    expect(page).to_have_url(re.compile(r"m=bounce_rate"))
    assert len(api.asked) == 1


def test_click_on_a_row_filters_everything_and_back_undoes_it(page: Page, api: MadeUpApi) -> None:
    page.goto("/?site=demo")
    page.get_by_role("link", name="Germany").click()
    expect(page.get_by_role("list", name="Filters")).to_contain_text(
        re.compile("Country is ?Germany")
    )
    expect(page).to_have_url(re.compile(r"f=is,country,DE"))
    filters = [["is", "country", ["DE"]]]
    asked = _last_asked(page, api, filters=filters)
    assert [question.filters for question in asked] == [filters] * 5
    page.go_back()
    expect(page.get_by_role("list", name="Filters")).to_have_count(0)
    page.go_forward()
    page.get_by_role("link", name="Remove filter: Country is Germany").click()
    expect(page).not_to_have_url(re.compile("f="))


def test_row_without_a_value_can_be_asked_for(page: Page, api: MadeUpApi) -> None:
    page.goto("/?site=demo")
    page.get_by_role("link", name="Unknown").click()
    expect(page.get_by_role("list", name="Filters")).to_contain_text("Unknown")
    _last_asked(page, api, filters=[["is", "country", [None]]])


def test_address_and_view_say_the_same(page: Page, api: MadeUpApi) -> None:
    page.goto(EVERYTHING)
    expect(page.get_by_role("region", name="Revenue as a table")).to_be_visible()
    first = api.asked[0]
    assert first[0].date_range == ["2026-11-01", "2026-11-20"]
    assert first[0].dimensions == ["time:week"]
    assert first[0].compare is None
    assert first[0].filters == [["is", "country", ["DE"]], ["is_not", "page", ["/docs?a=1,2"]]]
    assert [question.dimensions[0] for question in first[1:]] == [
        "entry_page",
        "channel",
        "device",
        "event_name",
    ]
    page.reload()
    expect(page.get_by_role("region", name="Revenue as a table")).to_be_visible()
    assert api.asked[-1] == first
    expect(page.get_by_role("button", name="1 Nov 2026 – 20 Nov 2026")).to_be_visible()


def test_period_comparison_and_own_dates(page: Page, api: MadeUpApi) -> None:
    page.goto("/?site=demo")
    page.get_by_role("button", name="Last 28 days").click()
    page.get_by_role("link", name="Today").click()
    expect(page).to_have_url(re.compile(r"p=day"))
    expect(page.get_by_role("button", name="Today")).to_be_visible()
    _last_asked(page, api, date_range="day", dimensions=["time:hour"])
    page.get_by_label("Compare with").select_option("previous_year")
    expect(page.locator(".legend")).to_contain_text("Previous year")
    _last_asked(page, api, compare="previous_year")
    page.get_by_role("button", name="Today").click()
    page.get_by_label("From").fill("2026-11-20")
    page.get_by_label("To", exact=True).fill("2026-11-03")
    page.get_by_role("button", name="Show these days").click()
    expect(page.get_by_role("button", name="3 Nov 2026 – 20 Nov 2026")).to_be_visible()
    _last_asked(page, api, date_range=["2026-11-03", "2026-11-20"])


def test_tab_asks_only_its_own_question(page: Page, api: MadeUpApi) -> None:
    page.goto("/?site=demo")
    page.get_by_role("link", name="Entry").click()
    expect(page.get_by_role("region", name="Pages").get_by_role("columnheader").first).to_have_text(
        "Entry page"
    )
    assert len(_last_asked(page, api, dimensions=["entry_page"])) == 1


def test_more_rows_on_request(page: Page) -> None:
    page.goto("/?site=demo")
    expect(page.locator("[data-metric=visitors] .tile-value")).to_have_text("1,000")
    expect(_rows(page, "Events")).to_have_count(8)
    page.get_by_role("link", name="Show more rows by Event").click()
    expect(page.get_by_role("link", name="Show fewer")).to_be_visible()
    expect(_rows(page, "Events")).to_have_count(12)


def test_other_site_is_asked_and_remembered(page: Page, api: MadeUpApi) -> None:
    page.goto("/")
    expect(page).to_have_url(re.compile(r"site=demo"))
    page.get_by_label("Site").select_option("other")
    expect(page).to_have_url(re.compile(r"site=other"))
    assert {question.site for question in _last_asked(page, api, site="other")} == {"other"}
    page.goto("/")
    expect(page).to_have_url(re.compile(r"site=other"))


def test_numbers_rise_by_themselves(page: Page, api: MadeUpApi) -> None:
    page.goto("/?site=demo")
    expect(page.locator("[data-metric=visitors] .tile-value")).to_have_text("1,000")
    api.visitors = 1001
    expect(page.locator("[data-metric=visitors] .tile-value")).to_have_text("1,001")


def test_hidden_tab_asks_nothing(page: Page, api: MadeUpApi) -> None:
    page.clock.install()
    page.goto("/?site=demo")
    expect(page.locator("[data-metric=visitors] .tile-value")).to_have_text("1,000")
    _hide(page, True)
    page.clock.run_for(6_000)
    before = len(api.paths)
    page.clock.run_for(60_000)
    assert len(api.paths) == before
    _hide(page, False)
    with page.expect_response("**/api/v1/queries"):
        page.clock.run_for(100)
    assert len(api.paths) > before


def test_period_that_is_over_is_not_asked_again(page: Page, api: MadeUpApi) -> None:
    api.provisional = False
    page.clock.install()
    page.goto("/?site=demo")
    expect(page.locator(".freshness")).to_contain_text("final")
    page.clock.run_for(60_000)
    assert len(api.asked) == 1


def test_text_from_visitors_is_text(page: Page) -> None:
    page.on("dialog", lambda _: (_ for _ in ()).throw(AssertionError("script ran")))
    page.goto("/?site=demo&f=is,page,<img src=x onerror=alert(1)>")
    expect(page.get_by_role("list", name="Filters")).to_contain_text("<img src=x")
    expect(_rows(page, "Pages").get_by_text("<img src=x onerror=alert(1)>")).to_be_visible()
    assert page.locator("img").count() == 0


def _hide(page: Page, hidden: bool) -> None:
    page.evaluate(
        """(value) => { Object.defineProperty(document, 'hidden', {value, configurable: true});
        document.dispatchEvent(new Event('visibilitychange')) }""",
        hidden,
    )
