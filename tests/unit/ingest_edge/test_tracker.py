"""The browser script: its own tests under Node, and what it weighs."""

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

import ingest_edge

FOLDER = Path(ingest_edge.__file__).parent / "tracker"
LIMIT_BYTES = 5_000


def test_script_passes_its_own_tests() -> None:
    node = Path(sys.executable).parent / "node"
    files = sorted(str(path) for path in (FOLDER / "tests").glob("*.test.ts"))
    done = subprocess.run(
        [str(node), "--test", *files], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    assert files
    assert done.returncode == 0, done.stdout + done.stderr


def test_built_script_is_under_its_size() -> None:
    built = FOLDER / "dist" / "s.js"
    if not built.exists() and "CI" not in os.environ:
        pytest.skip("the tracker is not built: run `make install`")
    assert len(gzip.compress(built.read_bytes(), 9)) < LIMIT_BYTES
