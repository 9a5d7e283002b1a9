"""Session recording in real Chromium, through the real edge, into real files."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, Request

from tests.browser.chromium import started
from tests.integration.edge_home import files_with
from tests.integration.edge_topics import values
from tests.integration.stack import Stack
from tests.integration.tracker_site import COUNTED, HIDDEN, Visit, visiting

pytestmark = pytest.mark.slow

SNAPSHOT, CHANGE, META = 2, 3, 4
ON = {"recording": {"is_on": True, "sample_percent": 100}}
SECRETS = ("Jane", "Topsecret", "jane@home", "4929", "hunter2", "hidden-token", "remarks")
BODY = """<h1 title="Topsecret tip">Jane Topsecret</h1>
<p data-hw-unmask>Open words <b data-hw-mask>Jane inside</b></p>
<a href="mailto:jane@home.example" aria-label="Jane">mail</a>
<input id=mail value="jane@home.example"><input type=hidden value="hidden-token">
<div data-hw-unmask><input id=pass type=password value="hunter2"><input id=open value="shown"></div>
<input id=card autocomplete="cc-number" value="4929"><textarea>remarks</textarea>
<select><option value="Jane" selected>Jane</option></select>
<input type=submit value="Pay, Jane"><div id=box></div><div data-hw-block>Jane blocked</div>"""
BODIES = {"/": BODY, "/cart": "<p>cart</p>"}
MOVE = "document.getElementById('box').append(Object.assign(document.createElement('i'), %s))"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started() as browser:
        yield browser


@pytest.fixture
def visit(home: Stack, browser: Browser) -> Iterator[Visit]:
    with visiting(home, browser, BODIES, settings=ON) as visit:
        yield visit


def path(consent: str | None = "granted", place: str = "/", more: str = "") -> str:
    """Return a page whose snippet says so; only recording is looked at here."""
    given = f"data-consent={consent}" if consent else ""
    return f"{place}?attributes={quote(f'{COUNTED} data-vitals=false {given} {more}')}"


def asked(page: Page) -> list[str]:
    """Return the list that the page's requests go to: of the part that records, and of chunks."""
    found: list[str] = []

    def look(request: Request) -> None:
        if "part=replay" in request.url:
            found.append("script")
        elif "/e/replay" in request.url:
            found.append("chunk")

    page.on("request", look)
    return found


def asked_until_hidden(visit: Visit, address: str) -> list[str]:
    """Return what a page asks for from its beginning until it is hidden."""
    page = visit.context.new_page()
    found = asked(page)
    visit.open(address, page)
    page.evaluate(HIDDEN)
    visit.wait_for("page_view")
    return found


def folder(visit: Visit) -> Path:
    return visit.home.home / "recordings" / visit.site.site_id


def chunks(visit: Visit) -> list[tuple[Path, list[dict[str, Any]]]]:
    """Return the stored chunks in the order of their keys, with their rrweb events."""
    found = sorted(folder(visit).rglob("*.json.gz"))
    return [(file, json.loads(gzip.decompress(file.read_bytes()))) for file in found]


def wait_for_chunks(visit: Visit, count: int) -> list[tuple[Path, list[dict[str, Any]]]]:
    visit.home.wait_until(f"{count} chunks", lambda: len(chunks(visit)) >= count, 60)
    return chunks(visit)


def wait_for_words(visit: Visit, words: str) -> None:
    """Wait until the words stand in a chunk after the first: those of before are elsewhere."""
    visit.home.wait_until(
        words, lambda: any(words in json.dumps(events) for _, events in chunks(visit)[1:]), 60
    )


def listed(visit: Visit) -> list[dict[str, Any]]:
    found = values(visit.home, "recording-chunks")
    return [chunk for chunk in found if chunk["site_id"] == visit.site.site_id]


def change(page: Page, text: str) -> None:
    """Change the page, and wait until its recorder has had the time to see it."""
    page.evaluate(MOVE % json.dumps({"title": "tip", "textContent": text}))
    page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))")


def test_recording_is_masked_stored_and_listed(visit: Visit) -> None:
    page = visit.open(path())
    wait_for_chunks(visit, 1)
    page.fill("#mail", "jane@home.example 2")
    page.evaluate("pass.type = 'text'")
    page.fill("#pass", "hunter2 again")
    change(page, "Jane added")
    page.close()
    wait_for_words(visit, "**** *****")
    (first, begins), *later = chunks(visit)
    assert [event["type"] for event in begins[:2]] == [META, SNAPSHOT]
    assert [file.name for file, _ in chunks(visit)] == [
        f"{number:06d}.json.gz" for number in range(len(later) + 1)
    ]
    site, date, session, recording = first.relative_to(folder(visit).parent).parts[:4]
    text = json.dumps([events for _, events in chunks(visit)])
    assert [secret for secret in SECRETS if secret in text] == []
    assert {"Open words ", "**** ******", "shown"} <= set(json.loads(text_values(text)))
    assert any(event["type"] == CHANGE for _, events in later for event in events)

    def sequences() -> list[int]:
        return sorted({row["sequence"] for row in listed(visit)})

    visit.home.wait_until("all rows", lambda: sequences() == list(range(len(later) + 1)), 20)
    by_sequence = {row["sequence"]: row for row in listed(visit)}
    row = by_sequence[0]
    assert (row["site_id"], row["client_session_id"], row["recording_id"]) == (
        site, session, recording,
    )  # fmt: skip
    assert row["storage_key"] == f"{site}/{date}/{session}/{recording}/000000.json.gz"
    assert (row["has_snapshot"], row["event_count"]) == (True, len(begins))
    assert row["stored_bytes"] == first.stat().st_size
    assert not row["is_masked"]
    (view,) = visit.wait_for("page_view")
    assert (row["visitor_id"], session) == (view["visitor_id"], view["client_session_id"])
    assert files_with(visit.home.home / "edge", b"Topsecret") == []


def text_values(text: str) -> str:
    """Return every string that stands in the events, as JSON."""
    found: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)
        elif isinstance(value, str):
            found.append(value)

    walk(json.loads(text))
    return json.dumps(found)


def test_page_without_open_words_is_masked_throughout(visit: Visit) -> None:
    visit.open(path(place="/cart"))
    wait_for_chunks(visit, 1)
    (row,) = visit.home.wait_until("the row", lambda: listed(visit), 20)
    assert row["is_masked"]


@pytest.mark.parametrize("consent", ["pending", "denied", None])
def test_nothing_is_loaded_without_a_yes(visit: Visit, consent: str | None) -> None:
    page = visit.context.new_page()
    found = asked(page)
    visit.open(path(consent), page)
    change(page, "x")
    page.evaluate(HIDDEN)
    page.evaluate("new Promise(done => setTimeout(done, 300))")
    assert found == []
    # Given later, it begins then.
    page.evaluate("headwater.consent('granted')")
    (_, begins), *_ = wait_for_chunks(visit, 1)
    assert SNAPSHOT in [event["type"] for event in begins]


def test_consent_taken_back_stops_it_at_once(visit: Visit) -> None:
    page = visit.context.new_page()
    found = asked(page)
    visit.open(path(), page)
    wait_for_chunks(visit, 1)
    change(page, "before")
    page.evaluate("headwater.consent('denied')")
    before = found.count("chunk")
    change(page, "after")
    page.evaluate(HIDDEN)
    page.close()
    # Whatever was on its way would have come before these.
    other = visit.open(path("granted", "/cart"))
    visit.home.wait_until(
        "another recording", lambda: len({file.parent for file, _ in chunks(visit)}) == 2
    )
    other.close()
    assert found.count("chunk") == before


def test_recording_is_of_one_person(visit: Visit) -> None:
    page = visit.open(path())
    wait_for_chunks(visit, 1)
    change(page, "of the first")
    page.evaluate("headwater.reset(); headwater.page('/next'); headwater.page('/after')")
    visit.home.wait_until(
        "another recording", lambda: len({file.parent for file, _ in chunks(visit)}) == 2
    )
    visit.home.wait_until("both rows", lambda: len({r["recording_id"] for r in listed(visit)}) == 2)
    people = {(row["recording_id"], row["visitor_id"]) for row in listed(visit)}
    assert len(people) == len({visitor for _, visitor in people}) == 2


def test_hidden_page_has_sent_its_last_chunk(visit: Visit) -> None:
    page = visit.open(path())
    wait_for_chunks(visit, 1)
    change(page, "last words")
    page.evaluate(HIDDEN)
    wait_for_words(visit, "**** *****")


def test_switched_off_site_never_loads_it(home: Stack, browser: Browser) -> None:
    with visiting(home, browser, BODIES) as visit:
        assert asked_until_hidden(visit, path()) == []


def test_page_can_leave_itself_out(visit: Visit) -> None:
    assert asked_until_hidden(visit, path(more="data-enable-recording=false")) == []


def test_no_session_of_an_empty_sample(home: Stack, browser: Browser) -> None:
    none = {"recording": {"is_on": True, "sample_percent": 0}}
    with visiting(home, browser, BODIES, settings=none) as visit:
        assert asked_until_hidden(visit, path()) == []


def test_switch_thrown_while_a_page_is_open_ends_its_recording(visit: Visit) -> None:
    page = visit.context.new_page()
    found = asked(page)
    visit.open(path(), page)
    wait_for_chunks(visit, 1)
    site = visit.site.site_id
    shown = visit.home.headwater("sites", "recording", site, "off", "--sample", "50")
    assert shown.stdout.strip() == site
    script = f"{visit.home.url('edge')}/s.js?k={visit.site.write_key}&part=replay"
    visit.home.wait_until(
        "the edge knows", lambda: visit.context.request.get(script).status == 404, 20
    )
    stored = len(chunks(visit))
    with page.expect_response("**/e/replay*") as answer:
        change(page, "x")
        page.evaluate(HIDDEN)
    assert answer.value.headers["x-dropped"] == "not_recorded"
    count = found.count("chunk")
    change(page, "y")
    page.evaluate(HIDDEN)
    visit.wait_for("page_view")
    assert found.count("chunk") == count
    assert len(chunks(visit)) == stored


def test_chunk_is_sent_again_after_a_failure(visit: Visit) -> None:
    page = visit.context.new_page()
    answer = {"status": 503, "headers": {"access-control-allow-origin": "*"}}
    page.route("**/e/replay*", lambda route: route.fulfill(**answer))
    with page.expect_response("**/e/replay*"):
        visit.open(path(), page)
    page.unroute("**/e/replay*")
    assert [len(events) > 1 for _, events in wait_for_chunks(visit, 1)] == [True]


def test_failing_storage_is_told_and_heals(visit: Visit) -> None:
    blocker = folder(visit)
    blocker.parent.mkdir(exist_ok=True)
    blocker.write_text("a file where a folder should be")
    page = visit.context.new_page()
    with page.expect_response("**/e/replay*") as answer:
        visit.open(path(), page)
    assert answer.value.status == 503
    blocker.unlink()
    assert wait_for_chunks(visit, 1)
    visit.home.wait_until("one row", lambda: len(listed(visit)) == 1, 20)
