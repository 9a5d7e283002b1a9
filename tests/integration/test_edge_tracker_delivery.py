"""The browser script in real Chromium: nothing is lost, and nothing is sent that must not be."""

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, Request, Route

from ingest_edge.daily_ids import PREFIX
from tests.browser.chromium import started
from tests.integration.stack import Stack
from tests.integration.tracker_site import COUNTED, HIDDEN, Visit, visiting

pytestmark = pytest.mark.slow

GPC = "Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})"
DNT = "Object.defineProperty(navigator, 'doNotTrack', {value: '1'})"
BODIES = {"/": "<p>page</p>"}
CORS = {"access-control-allow-origin": "*", "access-control-expose-headers": "Retry-After"}
KEYS = "JSON.stringify(Object.keys(localStorage).sort())"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started() as browser:
        yield browser


@pytest.fixture
def visit(home: Stack, browser: Browser) -> Iterator[Visit]:
    with visiting(home, browser, BODIES) as visit:
        yield visit


def path(attributes: str = "", early: str = "") -> str:
    """Return the page without the parts that these tests do not look at."""
    quiet = f"{COUNTED} data-vitals=false data-scroll=false {attributes}"
    return f"/?attributes={quote(quiet)}&early={quote(early)}"


def answering(page: Page, **answer: Any) -> list[float]:
    """Answer the page's batches in the edge's place; return the list of when they came."""
    asked: list[float] = []

    def fulfill(route: Route) -> None:
        asked.append(time.monotonic())
        route.fulfill(**answer)

    page.route("**/e", fulfill)
    return asked


def test_large_batches_survive_a_page_that_closes_at_once(visit: Visit) -> None:
    page = visit.open(path())
    # 30 x 8 KB in UTF-8: four times what browsers let out of a page that is going.
    page.evaluate("for (let i = 0; i < 30; i++) headwater.track('big', {i, text: 'ü'.repeat(4e3)})")
    page.close()
    visit.open(path()).close()
    found = visit.wait_for("big", count=30)
    assert sorted(e["properties"]["i"] for e in found) == list(range(30))


def test_hidden_tab_has_sent_everything(visit: Visit) -> None:
    page = visit.open(path("data-batch-interval=600000"))
    page.evaluate("headwater.track('last')")
    page.evaluate(HIDDEN)
    # The page is still open, and the batch not yet due.
    visit.wait_for("page_view", "last", "page_leave")


def test_what_a_hidden_tab_could_not_send_is_kept(visit: Visit) -> None:
    page = visit.open(path("data-batch-interval=600000"))
    answering(page, status=503, headers=CORS)
    page.evaluate("headwater.track('last')")
    page.evaluate(HIDDEN)
    page.wait_for_function("!!localStorage.hw_q")
    page.close()
    visit.open(path())
    visit.wait_for("last")


def test_next_page_delivers_what_failed_exactly_once(visit: Visit) -> None:
    page = visit.open(path())
    answering(page, status=503, headers=CORS)
    page.evaluate("headwater.track('kept'); headwater.flush()")
    page.wait_for_function("!!localStorage.hw_q")
    page.unroute("**/e")
    assert visit.events("kept") == []
    visit.open(path(), page)
    (kept,) = visit.wait_for("kept")
    assert kept["sent_at"] > kept["client_at"]
    page.wait_for_function("!localStorage.hw_q")


def test_pause_that_the_edge_asks_for_is_kept(visit: Visit) -> None:
    page = visit.open(path())
    page.evaluate("headwater.flush()")
    visit.wait_for("page_view")
    asked = answering(page, status=429, headers={**CORS, "retry-after": "5"})
    page.evaluate("headwater.track('later'); headwater.flush()")
    page.wait_for_function("!!localStorage.hw_q")
    page.unroute("**/e")
    visit.wait_for("later")
    assert time.monotonic() - asked[0] >= 5
    assert len(asked) == 1


def test_what_the_edge_refuses_is_not_sent_again(visit: Visit) -> None:
    page = visit.open(path())
    asked = answering(page, status=400, headers=CORS, body="{}")
    page.evaluate("headwater.track('bad'); headwater.flush()")
    page.wait_for_timeout(5_000)
    assert len(asked) == 1
    assert page.evaluate("localStorage.hw_q") is None


def test_offline_and_back(visit: Visit) -> None:
    page = visit.open(path())
    visit.context.set_offline(True)
    for i in range(3):
        page.evaluate(f"headwater.track('away', {{i: {i}}}); headwater.flush()")
    page.wait_for_function("JSON.parse(localStorage.hw_q || '[]').length === 3")
    # Not before tomorrow, unless the browser says that it is back.
    page.evaluate(
        """localStorage.hw_q = JSON.stringify(
            JSON.parse(localStorage.hw_q).map(batch => ({...batch, due: Date.now() + 8e7})))"""
    )
    visit.context.set_offline(False)
    found = visit.wait_for("away", count=3)
    assert [e["properties"]["i"] for e in found] == [0, 1, 2]
    page.wait_for_function("!localStorage.hw_q")


def test_pending_consent_holds_and_stores_nothing(visit: Visit) -> None:
    page = visit.open(path("data-consent=pending"))
    page.evaluate("headwater.track('early'); headwater.flush()")
    page.wait_for_timeout(300)
    made_at = page.evaluate("Date.now()")
    assert page.evaluate(KEYS) == "[]"
    assert visit.events() == []
    page.evaluate("headwater.consent('granted')")
    found = visit.wait_for("page_view", "early")
    assert all(e["client_at"] <= made_at and e["consent"] == "granted" for e in found)
    assert "hw_id" in page.evaluate(KEYS)


def test_pending_page_that_is_left_has_said_nothing(visit: Visit) -> None:
    visit.open(path("data-consent=pending")).close()
    page = visit.open(path("data-consent=pending"))
    assert page.evaluate(KEYS) == "[]"
    page.evaluate("headwater.consent('granted')")
    page.evaluate("headwater.flush()")
    visit.wait_for("page_view")


def test_denied_consent_deletes_ids_and_queue(visit: Visit) -> None:
    page = visit.open(path())
    answering(page, status=503, headers=CORS)
    page.evaluate("headwater.identify('u1'); headwater.flush()")
    page.wait_for_function("!!localStorage.hw_q && !!localStorage.hw_id")
    page.evaluate("headwater.consent('denied')")
    page.wait_for_timeout(300)
    assert page.evaluate(KEYS) == "[]"
    page.unroute("**/e")
    page.evaluate("headwater.track('no'); headwater.flush()")
    page.close()
    page = visit.open(path())
    page.evaluate("headwater.track('end')")
    page.close()
    visit.wait_for("end")
    assert visit.events("no", "identify") == []


def _bodies(page: Page) -> list[dict[str, Any]]:
    bodies: list[dict[str, Any]] = []

    def note(request: Request) -> None:
        if request.method == "POST":
            bodies.append(json.loads(request.post_data or "{}"))

    page.on("request", note)
    return bodies


@pytest.mark.parametrize(("mode", "consent"), [("always", None), ("on_reject", "denied")])
def test_cookieless_visitor_gets_an_id_from_the_edge_alone(
    home: Stack, browser: Browser, mode: str, consent: str | None
) -> None:
    with visiting(home, browser, BODIES, settings={"cookieless": mode}) as visit:
        page = visit.context.new_page()
        bodies = _bodies(page)
        early = f"headwater('consent', '{consent}')" if consent else ""
        visit.open(path(early=early), page)
        page.evaluate("headwater.identify('u1'); headwater.track('x'); headwater.flush()")
        assert page.evaluate(KEYS) == "[]"
        (event,) = visit.wait_for("x")
        assert event["visitor_id"].startswith(PREFIX)
        assert "user_id" not in event
        ids = {"visitor_id", "user_id", "client_session_id", "is_new_visitor_hint"}
        assert bodies
        for body in bodies:
            assert not ids & body.keys()
            assert (body["is_cookieless"], body.get("consent")) == (True, consent)


@pytest.mark.parametrize(
    ("attributes", "script", "headers"),
    [
        (None, "", {}),  # a driven browser on localhost, which nobody has asked to count
        (COUNTED, GPC, {}),
        (COUNTED, DNT, {}),
        (COUNTED, "", {"Sec-GPC": "1"}),  # the edge sees what the script does not
    ],
)
def test_nothing_is_sent_or_stored_of_who_is_not_to_be_counted(
    visit: Visit, attributes: str | None, script: str, headers: dict[str, str]
) -> None:
    page = visit.context.new_page()
    bodies = _bodies(page)
    page.add_init_script(script)
    page.set_extra_http_headers(headers)
    page.goto(f"{visit.address}/?attributes={quote(attributes or 'data-x')}")
    page.wait_for_function("!!window.headwater.track")
    page.evaluate("headwater.track('x'); headwater.flush()")
    page.wait_for_timeout(500)
    if not headers:
        assert page.evaluate("localStorage.length") == 0
        assert bodies == []
    assert visit.events() == []


def test_do_not_track_can_be_switched_off(visit: Visit) -> None:
    page = visit.context.new_page()
    page.add_init_script(DNT)
    visit.open(path("data-respect-dnt=false"), page).close()
    visit.wait_for("page_view")


def test_session_ends_after_half_an_hour(visit: Visit) -> None:
    page = visit.context.new_page()
    page.clock.install()
    visit.open(path(), page)
    page.evaluate("headwater.track('before')")
    page.clock.fast_forward("31:00")
    page.evaluate("headwater.track('after')")
    page.close()
    before, after = visit.wait_for("before", "after")
    assert before["client_session_id"] != after["client_session_id"]
    assert before["visitor_id"] == after["visitor_id"]
    assert (before["is_new_visitor_hint"], after["is_new_visitor_hint"]) == (True, False)


def test_reset_makes_somebody_new(visit: Visit) -> None:
    page = visit.open(path())
    page.evaluate("headwater.identify('u1'); headwater.track('mine')")
    page.evaluate("headwater.reset(); headwater.track('theirs')")
    page.close()
    mine, theirs = visit.wait_for("mine", "theirs")
    assert (mine["user_id"], theirs.get("user_id")) == ("u1", None)
    for name in ("visitor_id", "client_session_id"):
        assert mine[name] != theirs[name]


def test_prepared_page_counts_when_it_is_shown(visit: Visit) -> None:
    page = visit.context.new_page()
    page.add_init_script(
        "Object.defineProperty(document, 'prerendering', {value: true, configurable: true})"
    )
    page.goto(visit.address + path(early="headwater('track','early')"))
    page.wait_for_function("!!window.headwater.track")
    page.evaluate("headwater.track('late'); headwater.flush()")
    page.wait_for_timeout(300)
    assert visit.events() == []
    page.evaluate(
        """Object.defineProperty(document, 'prerendering', {value: false});
        document.dispatchEvent(new Event('prerenderingchange'))"""
    )
    page.close()
    visit.wait_for("page_view", "early", "late")


def test_init_among_the_early_calls_comes_first(visit: Visit) -> None:
    early = "headwater('track','a');headwater('init','',{batchSize:2});headwater('track','b')"
    page = visit.open(path(early=early))
    page.evaluate("headwater.init('other')")
    page.close()
    found = visit.wait_for("page_view", "a", "b")
    assert [e["event_name"] for e in found] == ["page_view", "a", "b"]


def test_hook_may_change_and_drop_events(visit: Visit) -> None:
    early = (
        "headwater('init','',{beforeSend:e=>e.event_name=='secret'?null:(e.properties.seen=1,e)})"
    )
    page = visit.open(path(early=early))
    page.evaluate("headwater.track('secret'); headwater.track('open')")
    page.close()
    (event,) = visit.wait_for("open")
    assert event["properties"] == {"seen": 1}
    assert visit.events("secret") == []


def test_debug_names_each_event_and_what_the_edge_refused(visit: Visit) -> None:
    page = visit.context.new_page()
    lines: list[str] = []
    page.on("console", lambda message: lines.append(message.text))
    visit.open(path() + "&__debug=1", page)
    with page.expect_console_message(lambda message: "207" in message.text):
        page.evaluate("headwater.track('x'.repeat(200)); headwater.flush()")
    assert any("event" in line for line in lines)
    assert any("event_name" in line for line in lines if "207" in line)


def test_rate_guard_holds_across_reloads(visit: Visit) -> None:
    page = visit.open(path())
    page.evaluate("for (let i = 0; i < 150; i++) headwater.track('loop')")
    page.reload()
    page.wait_for_function("!!window.headwater.core")
    page.evaluate("for (let i = 0; i < 150; i++) headwater.track('loop')")
    page.wait_for_timeout(300)
    page.evaluate("headwater.track('end')")
    page.close()
    found: list[Any] = visit.wait_for("end") and visit.events("loop")
    elapsed_ms = found[-1]["client_at"] - found[0]["client_at"]
    assert 90 <= len(found) <= 101 + elapsed_ms / 100
    dropped = [e["properties"]["count"] for e in visit.events("dropped_events")]
    assert sum(dropped) + len(found) >= 300
