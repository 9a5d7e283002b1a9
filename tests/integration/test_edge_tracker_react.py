"""The npm package and its React helpers in real Chromium, in StrictMode."""

import subprocess
import uuid
from collections import Counter
from pathlib import Path

import pytest

import ingest_edge
from tests.browser.chromium import started
from tests.integration.stack import Stack
from tests.integration.tracker_site import Visit, served

pytestmark = pytest.mark.slow

FOLDER = Path(ingest_edge.__file__).parent / "tracker"


def bundle(key: str, endpoint: str) -> str:
    """Return the application of tests/react_page.ts as a site would bundle it."""
    command = [
        str(FOLDER / "node_modules" / ".bin" / "esbuild"),
        "tests/react_page.ts", "--bundle", "--target=es2020", "--log-level=error",
        f'--define:KEY="{key}"', f'--define:ENDPOINT="{endpoint}"',
        '--define:process.env.NODE_ENV="development"',
    ]  # fmt: skip
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=True)
    return done.stdout.replace("</script", "<\\/script")


def test_an_application_in_strict_mode(home: Stack) -> None:
    with started() as browser:
        site = home.make_site(f"site-{uuid.uuid4().hex[:8]}")
        script = bundle(site.write_key, f"{home.url('edge')}/e")
        body = f"<div id=root></div><script>{script}</script>"
        # The page's own script stays silent: it does not count driven browsers unless asked.
        with served(f"{home.url('edge')}/s.js?k={site.write_key}", {"/": body}) as address:
            visit = Visit(home, site, address, browser.new_context())
            page = visit.context.new_page()
            page.goto(f"{address}/?attributes=data-x")
            page.wait_for_selector("#fallback")
            for name in ("button", "link", "send", "go"):
                page.click(f"#{name}")
                page.wait_for_timeout(100)
            page.evaluate("scrollTo(0, 1e6)")
            page.wait_for_timeout(300)
            page.close()
            visit.wait_for("below")
            found = visit.events()

    counts = Counter(event["event_name"] for event in found)
    # Effects run twice in StrictMode, and the tracker sees the navigation by itself, too.
    views = [(e["page_path"], e["page_view_id"]) for e in found if e["event_name"] == "page_view"]
    assert [path for path, _ in views] == ["/", "/next"]
    assert (counts["mounted"], counts["below"]) == (1, 1)
    assert [e["page_path"] for e in found if e["event_name"] == "once"] == ["/", "/next"]
    assert (counts["pressed"], counts["followed"], counts["asked"]) == (1, 1, 1)
    by_name = {event["event_name"]: event for event in found}
    assert by_name["pressed"]["properties"] == {"a": 1}
    assert by_name["asked"]["properties"] == {"fields": ["email"]}
    errors = [e["properties"] for e in found if e["event_name"] == "js_error"]
    assert any("Broken" in error.get("component_stack", "") for error in errors)
    assert not any("private" in str(event) for event in found)
