"""A home in which only the edge and what it needs runs: up in seconds, can be hurt at will."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.integration.stack import Stack


@contextmanager
def running_edge() -> Iterator[Stack]:
    """Start Kafka, Postgres and the edge in a home of their own; end and remove it after."""
    path = Path(tempfile.mkdtemp(prefix="headwater-edge-"))
    stack = Stack.at(path / "home")
    try:
        stack.up("--only", "edge")
        yield stack
    finally:
        stack.headwater("down", check=False)
        shutil.rmtree(path, ignore_errors=True)
