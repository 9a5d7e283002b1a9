"""The real processes of infra/local, started once for all integration tests.

HEADWATER_TEST_HOME names a home to use instead: it is started if need be and left running, so
that one test can be run again in seconds.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.logs import tail
from tests.integration.edge_home import running_edge
from tests.integration.stack import Stack


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Return the one full stack of this run; tests share it and make their own sites."""
    kept = os.environ.get("HEADWATER_TEST_HOME")
    home = Path(kept) if kept else Path(tempfile.mkdtemp(prefix="headwater-test-"))
    running = Stack.at(home)
    try:
        running.up()
        yield running
    except AssertionError:
        _show_logs(home)
        raise
    finally:
        if not kept:
            running.down()
            shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def home() -> Iterator[Stack]:
    """Return a home of Kafka, Postgres and the edge alone; tests share it, kill in it, and wait."""
    with running_edge() as running:
        yield running


@pytest.fixture
def empty_home(tmp_path: Path) -> Iterator[Stack]:
    """Return a home of its own that nothing runs in yet; what a test starts there is ended."""
    other = Stack.at(tmp_path / "home")
    yield other
    other.headwater("down", check=False)


def _show_logs(home: Path) -> None:
    """Print the end of every log of a stack that did not start."""
    for log in sorted((home / "logs").glob("*.log")):
        print(f"--- {log.name}", *tail(log, 15), sep="\n")
