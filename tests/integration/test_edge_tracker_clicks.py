"""Rage, dead and error clicks in real Chromium: what counts as one, and what does not."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route

from tests.browser.chromium import started
from tests.integration.stack import Stack
from tests.integration.tracker_site import Visit, visiting

pytestmark = pytest.mark.slow

# id -> element. Each dead candidate is clicked once; each rage candidate three times.
DEAD: dict[str, str] = {
    "dead": "<button id=dead>nothing</button>",
    "dead-role": "<div id=dead-role role=button>nothing</div>",
    "dead-pointer": "<div id=dead-pointer style='cursor:pointer'><span>nothing</span></div>",
    "dead-late": """<button id=dead-late onclick="setTimeout(()=>title='x',4000)"></button>""",
    "dead-own": "<button id=dead-own onclick=headwater.track('own'),headwater.flush()>x</button>",
}
ALIVE: dict[str, str] = {
    "changes": "<button id=changes onclick=\"setTimeout(()=>this.title='x',1500)\">soon</button>",
    "pressed": "<button id=pressed onpointerdown=\"this.title='x'\">menu</button>",
    "fetches": "<button id=fetches onclick=\"fetch('/api')\">fetch</button>",
    "plain": "<div id=plain>plain</div>",
    "box": "<label id=box><input type=checkbox>tick</label>",
    "text": "<input id=text>",
    "details": "<details><summary id=details>more</summary>text</details>",
    "dialog": "<button id=dialog onclick='d.showModal()'>dialog</button><dialog id=d>x</dialog>",
    "control": "<button id=control>with control key</button>",
    "link": "<a id=link href='#there'>link</a>",
    "exempt": "<button id=exempt data-hw-nodead>exempt</button>",
    "opens": "<button id=opens onclick=\"window.open('about:blank').close()\">open</button>",
}
RAGE: dict[str, str] = {"rage": "<button id=rage>slow</button>"}
CALM: dict[str, str] = {
    "calm-next": "<button id=calm-next>Next</button>",
    "calm-plus": "<button id=calm-plus>+</button>",
    "calm-text": "<textarea id=calm-text>some text</textarea>",
    "calm-paragraph": "<p id=calm-paragraph>A paragraph that three clicks select.</p>",
    "calm-exempt": "<button id=calm-exempt data-hw-norage>exempt</button>",
    "calm-canvas": "<canvas id=calm-canvas width=50 height=20></canvas>",
}
BODIES = {
    **{f"/{name}": body for group in (DEAD, ALIVE, RAGE, CALM) for name, body in group.items()},
    "/slow-form": "<form action=/slow><button id=slow-form>send</button></form>",
    "/error": "<button id=error onclick=\"throw Error('broken '+Date.now())\">broken</button>",
    "/rejects": "<button id=rejects onclick=\"Promise.reject(Error('no'))\">rejects</button>",
    "/early": "<button id=early>early</button>",
    "/spread": "<div id=spread role=button style='width:400px;height:60px'>wide</div>",
}


@pytest.fixture(scope="module")
def visit(home: Stack) -> Iterator[Visit]:
    with started() as browser, visiting(home, browser, BODIES) as visit:
        yield visit


def _click(visit: Visit, name: str, **how: Any) -> Page:
    page = visit.open(f"/{name}")
    page.click(f"#{name}", **how)
    return page


@pytest.fixture(scope="module")
def found(visit: Visit) -> list[dict[str, Any]]:
    """What all cases brought, each on a page of its own and side by side: the wait is one."""
    pages = [_click(visit, name) for name in (*DEAD, *ALIVE) if name != "control"]
    pages += [_click(visit, "control", modifiers=["Control"])]
    pages += [_click(visit, name, click_count=5) for name in (*RAGE, *CALM)]
    pages += [_click(visit, name) for name in ("error", "rejects")]
    pages[-1].wait_for_timeout(3_600)
    for page in pages:
        page.close()
    spread = visit.open("/spread")
    for x in (10, 100, 200, 300):
        spread.click("#spread", position={"x": x, "y": 5})
    spread.close()
    # Left at once: nobody knows whether it would have answered.
    early = visit.open("/dead?early=1")
    early.click("#dead")
    early.evaluate("headwater.track('end')")
    early.close()
    return visit.all_until("end")


def _pages(found: list[dict[str, Any]], name: str) -> list[str]:
    return [e["page_path"].strip("/") for e in found if e["event_name"] == name]


def test_dead_clicks_are_those_that_nothing_answered(found: list[dict[str, Any]]) -> None:
    dead = [name for name in _pages(found, "dead_click") if not name.startswith("calm")]
    # A button that only throws has answered nobody either; five clicks on one are one dead click.
    assert sorted(dead) == sorted([*DEAD, *RAGE, "error", "rejects"])


def test_raw_clicks_tell_what_answered_them(found: list[dict[str, Any]]) -> None:
    clicks = [e for e in found if e["event_name"] == "click"]
    answers = {e["page_path"].strip("/"): e["properties"] for e in clicks}
    assert answers["changes"]["response_kind"] == "mutation"
    assert 1_400 <= answers["changes"]["response_ms"] <= 2_900
    assert answers["fetches"]["response_kind"] == "request"
    assert "response_ms" not in answers["plain"]
    left = [e["properties"] for e in clicks if e["page_path"] == "/dead"]
    assert [p["response_ms"] for p in left] == [None, None]
    assert left[0]["watched_ms"] == 3_000 > left[1]["watched_ms"]
    assert 0 < answers["dead"]["x_permille"] < 1_000
    assert not any(e["is_interactive"] for e in found if e["event_name"] not in ("own", "end"))


def test_raw_clicks_tell_what_is_to_be_left_alone(found: list[dict[str, Any]]) -> None:
    clicks: dict[str, list[dict[str, Any]]] = {}
    for event in sorted(found, key=lambda event: (event["client_at"], event["seq"])):
        if event["event_name"] == "click":
            clicks.setdefault(event["page_path"].strip("/"), []).append(event["properties"])
    third = {name: clicks[name][2]["rage_exempt"] for name in (*RAGE, *CALM)}
    assert third == dict.fromkeys(RAGE, False) | dict.fromkeys(CALM, True)
    # What was answered in time needs no exemption, but for what answers nobody can see.
    exempt = {name for name in (*DEAD, *ALIVE) if clicks[name][0]["dead_exempt"]}
    assert exempt == {"text", "control", "link", "exempt"}


def test_rage_is_one_hint_and_one_burst(found: list[dict[str, Any]]) -> None:
    assert _pages(found, "rage_click") == [*RAGE]
    (rage,) = [e for e in found if e["event_name"] == "rage_click"]
    here = [e for e in found if e["page_path"] == "/rage"]
    raged = [e for e in here if e["event_name"] == "click"]
    (dead,) = [e for e in here if e["event_name"] == "dead_click"]
    assert (len(raged), rage["click_target"]) == (5, "button#rage")
    assert {e["properties"]["burst_id"] for e in [*raged, rage, dead]} == {
        dead["properties"]["burst_id"]
    }
    rules = {name: rage["properties"][name] for name in ("rage_window_ms", "rage_radius_px")}
    assert rules == {"rage_window_ms": 1_000, "rage_radius_px": 30}


def test_errors_are_linked_to_the_click_before_them(found: list[dict[str, Any]]) -> None:
    assert sorted(_pages(found, "error_click")) == ["error", "rejects"]
    errors = [e for e in found if e["event_name"] in ("js_error", "unhandled_rejection")]
    assert [e["properties"]["click_target"] for e in errors] == ["button#error", "button#rejects"]


def test_form_whose_answer_takes_long_is_not_dead(visit: Visit) -> None:
    page = visit.open("/slow-form")
    page.click("#slow-form", no_wait_after=True)
    page.wait_for_url("**/slow*")
    page.close()
    (click,) = [e for e in visit.wait_for("form_submit") and visit.events("click")
                if e["page_path"] == "/slow-form"]  # fmt: skip
    assert click["properties"]["response_kind"] == "submit"
    assert "/slow-form" not in [e["page_path"] for e in visit.events("dead_click")]


def test_clicks_made_before_the_second_part_came_count(visit: Visit) -> None:
    held: list[Route] = []
    page = visit.context.new_page()

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**part=more*", hold)
    with page.expect_request("**part=more*"):
        page.goto(visit.address + "/early", wait_until="domcontentloaded")
    page.click("#early", click_count=3)
    page.evaluate("history.pushState({}, '', '/elsewhere')")
    assert page.evaluate("!window.headwater.core.blame")
    held[0].continue_()
    page.wait_for_function("!!window.headwater.core.blame")
    page.click("#early")
    page.evaluate("headwater.track('early_end')")
    page.close()
    visit.wait_for("early_end")
    *early, later = visit.events("click")[-4:]
    assert [click["click_target"] for click in (*early, later)] == ["button#early"] * 4
    assert {click["page_path"] for click in early} == {"/early"}
    assert later["page_path"] == "/elsewhere"
    order = [(click["client_at"], click["seq"]) for click in early]
    assert order == sorted(set(order))
    for click in early:
        # Nobody watched: whether something answered is not known.
        assert {"watched_ms", "response_ms"} & click["properties"].keys() == set()
        assert 0 < click["properties"]["x_permille"] < 1_000
    (rage,) = [e for e in visit.events("rage_click") if e["click_target"] == "button#early"]
    assert rage["properties"]["burst_id"] == early[0]["properties"]["burst_id"]
