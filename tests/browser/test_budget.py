"""What the page weighs and what it may not hold; and its own unit tests."""

import gzip
import os
import re
import subprocess
import sys
from pathlib import Path

from serving.page import policy_of
from tests.browser.made_up_api import DIST

DASHBOARD = DIST.parent
JS_BYTES = 60_000
CSS_BYTES = 15_000
START_BYTES = 4_000  # the script in <head>, which delays the first paint


def _gzipped(paths: list[Path]) -> int:
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in paths)


def test_first_route_weighs_at_most_its_budget(dist: Path) -> None:
    scripts, styles = list(dist.rglob("*.js")), list(dist.rglob("*.css"))
    assert scripts
    assert styles
    assert _gzipped(scripts) <= JS_BYTES
    assert _gzipped(styles) <= CSS_BYTES


def test_script_in_head_is_small_and_comes_before_styles(dist: Path) -> None:
    html = (dist / "index.html").read_text()
    script = re.search(r"<script>(.*?)</script>", html, re.DOTALL)
    assert script
    assert len(gzip.compress(script[1].encode(), 9)) <= START_BYTES
    assert script.start() < html.index('rel="stylesheet"')
    assert html.index("charset") < 1024


def test_page_talks_to_nobody_else(dist: Path) -> None:
    texts = "".join(
        path.read_text() for path in dist.rglob("*.*") if path.suffix in {".js", ".css"}
    )
    hosts = set(re.findall(r"https?://([a-z0-9.-]+\.[a-z]+)", texts))
    assert hosts <= {"db-ip.com", "creativecommons.org", "www.w3.org"}
    assert "connect-src 'self'" in policy_of((dist / "index.html").read_text())


def test_compressed_copies_are_the_files(dist: Path) -> None:
    for path in [*dist.rglob("*.js"), *dist.rglob("*.css")]:
        assert gzip.decompress(Path(f"{path}.gz").read_bytes()) == path.read_bytes()
        assert Path(f"{path}.br").exists()


def test_lock_names_no_download_address() -> None:
    assert '"resolved"' not in (DASHBOARD / "package-lock.json").read_text()


def test_unit_tests_of_the_page_pass() -> None:
    node = Path(sys.executable).parent / "node"
    run = subprocess.run(
        [node, "--test", "--test-timeout=10000", "tests/*.test.ts"],
        cwd=DASHBOARD,
        env={**os.environ, "TZ": "Pacific/Auckland"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-4000:]
    assert re.search(r"^. pass [1-9]", run.stdout, re.MULTILINE), run.stdout[-4000:]
