"""One Chromium for the tests of a file; a fresh window and a fresh made-up API for each."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser import chromium
from tests.browser.made_up_api import DIST, MadeUpApi, serve


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.started() as started:
        yield started


@pytest.fixture(scope="session")
def dist() -> Path:
    """The built page; `make install` builds it."""
    assert (DIST / "index.html").exists(), f"{DIST} is not built: run `make install`"
    return DIST


@pytest.fixture
def api() -> MadeUpApi:
    return MadeUpApi()


@pytest.fixture
def address(dist: Path, api: MadeUpApi) -> Iterator[str]:
    yield from serve(api)


@pytest.fixture
def window(browser: Browser, address: str) -> Iterator[BrowserContext]:
    """A window of 1280 px in light colours, with nothing remembered."""
    context = browser.new_context(base_url=address, color_scheme="light")
    context.set_default_timeout(chromium.PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture
def page(window: BrowserContext) -> Iterator[Page]:
    """An empty tab; what it says on the console or refuses by policy fails the test."""
    complaints: list[str] = []
    tab = window.new_page()
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("console", lambda said: complaints.append(said.text) if _is_fault(said.text) else None)
    yield tab
    assert complaints == []


def _is_fault(text: str) -> bool:
    return "Content Security Policy" in text or "Uncaught" in text
