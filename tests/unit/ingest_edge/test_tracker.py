"""The browser script: its own tests under Node, and what it weighs."""

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

import ingest_edge
from schemas.load import RULES

FOLDER = Path(ingest_edge.__file__).parent / "tracker"
# The core has to be there at once; the second part loads when the page is idle again, the third
# only in sessions that are recorded.
LIMITS_BYTES = {"s.js": 5_000, "more.js": 3_400, "replay.js": 27_000}


def test_script_passes_its_own_tests() -> None:
    node = Path(sys.executable).parent / "node"
    files = sorted(str(path) for path in (FOLDER / "tests").glob("*.test.ts"))
    command = [str(node), "--test", "--test-force-exit", *files]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
    assert files
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", LIMITS_BYTES)
def test_built_script_is_under_its_size(name: str) -> None:
    built = FOLDER / "dist" / name
    if not built.exists() and "CI" not in os.environ:
        pytest.skip("the tracker is not built: run `make install`")
    size = len(gzip.compress(built.read_bytes(), 9))
    print(f"{name}: {size} bytes gzipped of {LIMITS_BYTES[name]}")
    assert size < LIMITS_BYTES[name]


def test_part_that_records_holds_its_own_rules() -> None:
    built = FOLDER / "dist" / "replay.js"
    if not built.exists() and "CI" not in os.environ:
        pytest.skip("the tracker is not built: run `make install`")
    script = built.read_text()
    assert "RECORDINGS." not in script
    assert f"mousemove:{RULES.recordings.mouse_ms}" in script


def test_thresholds_of_the_rules_are_in_the_built_script() -> None:
    built = FOLDER / "dist" / "more.js"
    if not built.exists() and "CI" not in os.environ:
        pytest.skip("the tracker is not built: run `make install`")
    assert f"rage_window_ms:{RULES.friction.rage_window_ms:g}" in built.read_text().replace(
        "1e3", "1000"
    )
