"""The Python files of this project, as the lint tests see them."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).parents[2]
ROOMS: Final = (
    "ingest_edge",
    "pipelines",
    "schemas",
    "orchestration",
    "serving",
    "infra",
    "cli",
)
_OUTSIDE: Final = frozenset({"node_modules", "dist", "__pycache__"})


def files(suffix: str, *folders: str) -> Iterator[Path]:
    """Yield the files of these folders (all rooms and the tests by default)."""
    for folder in folders or (*ROOMS, "tests"):
        for path in sorted((CHECKOUT / folder).rglob(f"*{suffix}")):
            if not _OUTSIDE & set(path.parts):
                yield path


def named(path: Path) -> str:
    """Return a path as it is written in the rules: from the checkout, with slashes."""
    return path.relative_to(CHECKOUT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    """Return the parsed file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports(path: Path) -> Iterator[str]:
    """Yield the full names of modules a file imports, wherever in the file."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
