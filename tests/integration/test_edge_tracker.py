"""The browser script in real Chromium, from a page to the topic: what it collects by itself."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Route

from tests.browser.chromium import started
from tests.integration.stack import Stack
from tests.integration.tracker_site import COUNTED, Visit, visiting

pytestmark = pytest.mark.slow

# What each option switches off; each is tried on a page of its own.
PARTS: dict[str, set[str]] = {
    "scroll": {"scroll_depth"},
    "clicks": {"click"},
    "friction": {"error_click"},
    "vitals": {"web_vitals"},
    "errors": {"js_error", "error_click"},
    "links": {"outbound_click"},
    "forms": {"form_submit"},
    "video": {"video_play"},
    "spa": set(),
}
ALL_PARTS = """<a id=o href="https://o.example"
    onclick="event.preventDefault();setTimeout(()=>{throw Error('broken')})">o</a>
    <video id=v></video>
    <form onsubmit="event.preventDefault()"><button id=send>send</button></form>"""
BODIES = {
    "/": """<button id=buy onclick="headwater.track('sign_up',{plan:'pro'})">buy</button>
        <div style="height:3000px"></div>""",
    "/two": "<p>two</p>",
    "/links": """<a id=out href="https://other.example/there?secret=1">out</a>
        <a id=in href="/two">in</a> <a id=file href="/files/plan.PDF?x=1">file</a>
        <a id=mail href="mailto:a@b.example">mail</a>
        <script>addEventListener('click', e => e.target.id != 'in' && e.preventDefault());
        addEventListener('auxclick', e => e.preventDefault())</script>""",
    "/form": """<form name=order onsubmit="event.preventDefault()">
        <input name=email type=email required value=""><input name=card value="4111">
        <button id=send>send</button></form>""",
    "/errors": """<script>for (let i = 0; i < 9; i++) setTimeout(() => { throw Error('loop') });
        for (let i = 0; i < 30; i++) setTimeout(() => { throw Error('other' + i) }, 50);
        Promise.reject(Error('refused'))</script><img src="/gone.png?token=1">""",
    "/video": "<video id=v muted width=100 height=60></video>",
    **{f"/without-{name}": ALL_PARTS for name in PARTS},
    "/moves": "<div style='width:100vw;height:400vh'>moves</div>",
}
# A video that Chromium makes itself: no file, no codec beyond its own.
PLAY = """async () => {
    const canvas = document.createElement('canvas');
    const pen = canvas.getContext('2d');
    const recorder = new MediaRecorder(canvas.captureStream(25), {mimeType: 'video/webm'});
    const parts = [];
    recorder.ondataavailable = event => parts.push(event.data);
    const done = new Promise(resolve => recorder.onstop = resolve);
    recorder.start();
    for (let i = 0; i < 30; i++) {
        pen.fillRect(i, 0, 5, 5);
        await new Promise(resolve => setTimeout(resolve, 40));
    }
    recorder.stop();
    await done;
    v.src = URL.createObjectURL(new Blob(parts, {type: 'video/webm'}));
    await new Promise(resolve => v.onloadedmetadata = resolve);
    // What a recorder writes has no length until somebody has been at its end.
    if (v.duration === Infinity) {
        v.currentTime = 1e9;
        await new Promise(resolve => v.ontimeupdate = resolve);
        v.ontimeupdate = null;
        v.currentTime = 0;
        await new Promise(resolve => v.onseeked = resolve);
    }
    await v.play();
    await new Promise(resolve => setTimeout(resolve, 200));
    v.pause();
    await new Promise(resolve => setTimeout(resolve, 50));
    v.play();
    await new Promise(resolve => v.onended = resolve);
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started(has_cache=True) as browser:
        yield browser


@pytest.fixture
def visit(home: Stack, browser: Browser) -> Iterator[Visit]:
    with visiting(home, browser, BODIES) as visit:
        yield visit


def _slowly(route: Route) -> None:
    route.request.frame.page.wait_for_timeout(300)
    route.continue_()


def with_options(**options: str) -> str:
    text = " ".join(f"data-{name.replace('_', '-')}={value}" for name, value in options.items())
    return f"?attributes={quote(f'{COUNTED} {text}')}"


def test_visit_from_first_view_to_closed_tab(visit: Visit) -> None:
    # The script takes its time; what is called meanwhile keeps its own.
    page = visit.context.new_page()
    page.route("**/s.js*", _slowly)
    early = quote("headwater('track','early',{from:'stub'})")
    visit.open(f"/?utm_source=google&utm_medium=cpc&early={early}", page)
    loaded_at = page.evaluate("Date.now()")
    page.click("#buy")
    page.mouse.wheel(0, 1_200)
    page.wait_for_function("scrollY > 0")
    page.wait_for_timeout(300)
    page.evaluate("history.pushState({}, '', '/second?x=1')")
    page.wait_for_timeout(200)
    page.evaluate("headwater.identify('u7', {name: 'Ada'})")
    page.evaluate("headwater('conversion', 'trial', {value: 9.5, currency: 'EUR'})")
    page.evaluate("headwater.set({plan: 'pro'}); headwater.form('ask', {email: 'a@b.example'})")
    page.close()
    visit.wait_for("page_leave", "page_leave")
    found = [e for e in visit.events() if e["event_name"] not in ("scroll_depth", "web_vitals")]
    assert [event["event_name"] for event in found] == [
        "page_view", "early", "click", "sign_up", "page_leave",
        "page_view", "identify", "trial", "form_submit", "page_leave",
    ]  # fmt: skip
    view, early_one, click, sign_up, leave, second, identify, trial, form, _ = found
    assert (view["channel"], view["page_title"], view["seq"]) == ("Paid Search", "home", 0)
    assert view["is_new_visitor_hint"] is True
    assert (early_one["properties"], sign_up["properties"]) == ({"from": "stub"}, {"plan": "pro"})
    # Called before the script was there: it keeps its time, and the page was seen no later.
    assert view["client_at"] <= early_one["client_at"] <= loaded_at - 200
    assert click["click_target"] == "button#buy"
    assert click["click_x_px"] > 0
    assert leave["page_view_id"] == view["page_view_id"] != second["page_view_id"]
    assert 250 <= leave["engaged_ms"] <= 20_000
    assert 20 < leave["scroll_percent"] < 100
    assert (second["page_path"], second["channel"]) == ("/second", "Direct")
    assert "user_id" not in second
    assert (identify["user_id"], trial["user_id"]) == ("u7", "u7")
    assert (trial["is_conversion"], trial["revenue_amount"]) == (True, "9.5000")
    assert form["properties"] == {"plan": "pro", "form": "ask", "fields": ["email"]}
    assert len({event["visitor_id"] for event in found}) == 1
    assert len({event["client_session_id"] for event in found}) == 1


def test_only_what_a_person_means_is_interactive(visit: Visit) -> None:
    """A page that scrolls, breaks and is left by itself must stay a bounce."""
    visit.open("/errors").close()
    visit.wait_for("page_leave")
    assert not [e["event_name"] for e in visit.events() if e["is_interactive"]]


def test_visitor_is_known_on_the_next_page_and_in_the_next_tab(visit: Visit) -> None:
    page = visit.open("/")
    visit.open("/two", page)
    visit.open("/two").close()
    page.close()
    views = visit.wait_for("page_view", count=3)
    for name in ("visitor_id", "client_session_id"):
        assert len({event[name] for event in views}) == 1
    assert [event["is_new_visitor_hint"] for event in views] == [True] * 3


def test_single_page_navigation(visit: Visit) -> None:
    page = visit.open("/")
    for step in (
        "history.pushState({}, '', '/a?x=1')",
        "history.replaceState({}, '', '/a?x=2')",
        "history.replaceState({state: 1}, '', '/a?x=2')",  # the same page, only its state is new
        "location.hash = '#part'",
        "history.go(-2)",  # before the fragment and before /a
        "headwater.page('/virtual')",
        "headwater.page('/virtual', {}, true)",  # a helper that runs twice
    ):
        page.evaluate(step)
        if "go(" in step:
            page.wait_for_function("location.pathname === '/'")
        page.wait_for_timeout(80)
    page.close()
    visit.wait_for("page_leave", count=5)
    views = visit.events("page_view")
    paths = [(e["page_path"], e.get("page_search")) for e in views]
    assert paths == [("/", None), ("/a", "?x=1"), ("/a", "?x=2"), ("/", None), ("/virtual", None)]
    assert [e["referrer"].removeprefix(visit.address) for e in views[1:3]] == ["/", "/a?x=1"]


def test_fragments_are_pages_when_asked(visit: Visit) -> None:
    page = visit.open("/" + with_options(hash="true", spa="true"))
    page.evaluate("location.hash = '#/settings'")
    page.wait_for_timeout(80)
    page.close()
    views = visit.wait_for("page_view", "page_view")
    assert views[1]["page_url"].endswith("#/settings")


def test_campaign_outlives_an_address_that_the_page_rewrites(visit: Visit) -> None:
    early = quote("history.replaceState({}, '', '/clean')")
    page = visit.open(f"/two?utm_source=news&utm_medium=email&early={early}")
    page.evaluate("headwater.track('here'); headwater.page('/next'); headwater.track('there')")
    page.close()
    found = {e["event_name"]: e for e in visit.wait_for("here", "there")}
    assert (found["here"]["page_path"], found["here"]["channel"]) == ("/clean", "Email")
    assert (found["there"]["page_path"], found["there"]["channel"]) == ("/next", "Direct")


def test_back_and_forward_from_the_cache(visit: Visit) -> None:
    """A page restored whole is seen again: a view of its own, with its own time and depth."""
    page = visit.open("/")
    page.evaluate("window.mark = 1")
    visit.open("/two", page)
    page.evaluate("history.back()")
    page.wait_for_function("window.mark === 1")
    page.wait_for_timeout(200)
    page.close()
    leaves = visit.wait_for("page_leave", count=3)
    views = visit.wait_for("page_view", count=3)
    assert [event["page_path"] for event in views] == ["/", "/two", "/"]
    assert len({event["page_view_id"] for event in views}) == 3
    assert leaves[2]["page_view_id"] == views[2]["page_view_id"]


def test_links_files_and_what_is_neither(visit: Visit) -> None:
    page = visit.open("/links")
    for name in ("out", "file", "mail"):
        page.click(f"#{name}")
    page.click("#out", button="middle")
    page.click("#out", button="right")
    page.click("#in")
    page.wait_for_url("**/two")
    page.close()
    found = visit.wait_for("outbound_click", "outbound_click", "file_download")
    assert [e["properties"].get("extension") for e in found] == [None, "pdf", None]
    assert found[0]["properties"] == {"url": "https://other.example/there"}
    # Left by the link: the click itself, its page's leave and the next view are all there.
    assert len(visit.wait_for("page_leave", "page_leave")) == 2


def test_forms_send_names_and_never_values(visit: Visit) -> None:
    page = visit.open("/form")
    page.click("#send")
    page.wait_for_timeout(150)
    page.fill("[name=email]", "ada@private.example")
    page.click("#send")
    page.close()
    error, submit = visit.wait_for("form_error", "form_submit")
    assert error["properties"] == {"form": "order", "fields": {"email": "valueMissing"}}
    assert submit["properties"] == {"form": "order", "fields": ["email", "card"]}
    assert not [e for e in visit.events() if "private" in str(e) or "4111" in str(e)]


def test_errors_are_capped_and_named(visit: Visit) -> None:
    page = visit.open("/errors")
    page.wait_for_timeout(200)
    page.close()
    visit.wait_for("page_leave")
    found = visit.events("js_error", "resource_error", "unhandled_rejection")
    # The page throws 39 times before, while and after the script arrives.
    assert len(found) <= 20
    messages = [e["properties"].get("message") for e in found]
    assert messages.count("loop") <= 3


def test_errors_of_the_page_and_its_files(visit: Visit) -> None:
    page = visit.open("/two")
    page.evaluate(
        """() => new Promise(done => document.body.append(
            Object.assign(new Image(), {src: '/gone.png?token=1', onerror: done})))"""
    )
    page.evaluate(
        """() => { for (let i = 0; i < 9; i++) setTimeout(() => { throw Error('loop') });
        for (let i = 0; i < 30; i++) setTimeout(() => { throw Error('other' + i) }, 50) }"""
    )
    page.wait_for_timeout(300)
    page.close()
    visit.wait_for("page_leave")
    found = visit.events("js_error", "resource_error")
    messages = [e["properties"].get("message") for e in found]
    assert (len(found), messages.count("loop")) == (20, 3)
    (image,) = [e for e in found if e["event_name"] == "resource_error"]
    assert image["properties"] == {"url": f"{visit.address}/gone.png", "element": "img"}
    (loop, *_) = [e for e in found if e["properties"].get("message") == "loop"]
    assert (loop["properties"]["line"], "stack" in loop["properties"]) == (1, True)


def test_video(visit: Visit) -> None:
    page = visit.open("/video")
    page.evaluate(PLAY)
    page.close()
    visit.wait_for("video_complete")
    found = visit.events("video_play", "video_pause", "video_progress", "video_complete")
    names = [e["event_name"].removeprefix("video_") for e in found]
    assert (names[0], names[-1]) == ("play", "complete")
    assert (names.count("play"), names.count("pause")) == (2, 1)
    passed = [e["properties"]["percent"] for e in found if e["event_name"] == "video_progress"]
    assert passed == [25, 50, 75]
    assert found[0]["properties"]["video"] == "video#v"


def test_vitals_once_when_first_hidden(visit: Visit) -> None:
    page = visit.open("/")
    page.click("#buy")
    page.wait_for_timeout(200)
    page.close()
    (found,) = visit.wait_for("web_vitals")
    view = visit.events("page_view")[0]
    assert found["page_view_id"] == view["page_view_id"]
    values = found["properties"]
    assert {"ttfb_ms", "fcp_ms", "lcp_ms", "cls", "load_ms", "tti_ms"} <= values.keys()
    assert 0 <= values["ttfb_ms"] <= values["fcp_ms"] <= values["lcp_ms"] < 60_000


def test_scrolling_passes_milestones_once(visit: Visit) -> None:
    page = visit.open("/")
    page.wait_for_timeout(100)
    for place in ("1e6", "0") * 2:
        page.evaluate(
            f"""() => new Promise(done => {{ scrollTo(0, {place});
                requestAnimationFrame(() => requestAnimationFrame(done)) }})"""
        )
        page.wait_for_timeout(100)
    page.close()
    visit.wait_for("page_leave")
    depths = [e["scroll_percent"] for e in visit.events("scroll_depth")]
    assert depths == [25, 50, 75, 90, 100]


def test_page_without_scrolling_is_seen_whole(visit: Visit) -> None:
    visit.open("/two").close()
    (leave,) = visit.wait_for("page_leave")
    assert leave["scroll_percent"] == 100
    assert [e["scroll_percent"] for e in visit.events("scroll_depth")] == [100]


def test_pointer_moves_and_depths_when_asked(visit: Visit) -> None:
    page = visit.open("/moves" + with_options(moves="true"))
    for step in range(8):
        page.mouse.move(100 + 50 * step, 200)
        page.wait_for_timeout(120)
    page.evaluate("window.dispatchEvent(new Event('pagehide'))")
    for part in (0.25, 0.5, 0.25):
        page.evaluate(
            f"""() => new Promise(done => {{ addEventListener('scroll', done, {{once: true}});
                scrollTo(0, document.documentElement.scrollHeight * {part}) }})"""
        )
    page.evaluate("headwater.track('end')")
    page.close()
    visit.wait_for("end")
    first, second = visit.pointers()
    points = [tuple(map(int, point.split(","))) for point in first["points"].split(" ")]
    assert 5 <= len(points) <= 9
    assert all(0 <= x <= 1_000 and y == 200 for x, y in points)
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert (first["page_path"], first["page_view_id"]) == ("/moves", second["page_view_id"])
    # Each depth is told of once.
    assert (first["scroll_from_percent"], first["scroll_percent"]) == (0, 25)
    assert (second["scroll_from_percent"], second["scroll_percent"]) == (25, 75)
    assert "points" not in second
    assert visit.events("pointer_moves") == []


def test_each_part_can_be_switched_off(visit: Visit) -> None:
    for name in PARTS:
        page = visit.open(f"/without-{name}" + with_options(**{name: "false"}))
        page.click("#o")
        page.click("#send")
        page.evaluate("v.dispatchEvent(new Event('play'))")
        page.evaluate("history.pushState({}, '', location.pathname + '/elsewhere')")
        page.wait_for_timeout(50)
        page.evaluate("headwater.track('end')")
        page.close()
    visit.wait_for("end", count=len(PARTS))
    found = visit.events()
    for name, missing in PARTS.items():
        here = [e["event_name"] for e in found if f"/without-{name}" in e["page_path"]]
        assert set().union(*PARTS.values()) - set(here) == missing, name
        assert here.count("page_view") == (1 if name == "spa" else 2)
