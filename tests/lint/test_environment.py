"""The environment is read once per program, in its config.py, and passed on."""

import ast
from pathlib import Path
from typing import Final

from tests.lint.source import ROOMS, files, named, tree

# "<file>" -> why it may touch the environment itself.
EXCEPTIONS: Final[dict[str, str]] = {
    "orchestration/quality.py": "sets (not reads) GX's switch before GX is imported",
}


def _reads(path: Path) -> bool:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "environb"):
            return True
        if isinstance(node, ast.ImportFrom) and node.module == "os":
            names = {alias.name for alias in node.names}
            if names & {"environ", "getenv"}:
                return True
    return False


def test_only_config_reads_the_environment() -> None:
    readers = {named(p) for p in files(".py", *ROOMS) if p.name != "config.py" and _reads(p)}
    assert readers - set(EXCEPTIONS) == set()


def test_every_exception_is_still_needed() -> None:
    everything = {named(path) for path in files(".py", *ROOMS)}
    assert set(EXCEPTIONS) - everything == set()
