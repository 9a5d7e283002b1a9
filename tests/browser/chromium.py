"""Debian's Chromium under Playwright, without any download."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

EXECUTABLE: Final = "/usr/bin/chromium"
PATIENCE_MS: Final = 120_000  # a busy machine is no fault of the page
_ARGS: Final = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def started(has_cache: bool = False) -> Iterator[Browser]:
    """Start a browser with a profile of its own and stop it at the end.

    `has_cache` keeps pages whole for going back, which Playwright otherwise switches off.

    TRICKY: keep it no longer than a module. While it runs, `asyncio.run` and a second Playwright
    fail in this thread.
    """
    if not Path(EXECUTABLE).exists():
        if "CI" in os.environ:
            pytest.fail(f"{EXECUTABLE} is missing; .ci/run installs it")
        pytest.skip(f"{EXECUTABLE} is missing: apt-get install chromium")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        ignored = ["--disable-back-forward-cache"] if has_cache else None
        browser = playwright.chromium.launch(
            executable_path=EXECUTABLE, args=_ARGS, ignore_default_args=ignored
        )
        yield browser
        browser.close()
