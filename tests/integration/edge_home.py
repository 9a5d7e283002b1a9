"""A home in which only the edge and what it needs runs: up in seconds, can be hurt at will."""

import mmap
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


def files_with(home: Path, content: bytes) -> list[Path]:
    """Return the files of the home in which the content stands as it is."""
    found = []
    for path in home.rglob("*"):
        if path.is_symlink() or not path.is_file() or path.stat().st_size == 0:
            continue
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            if view.find(content) >= 0:
                found.append(path)
    return found
