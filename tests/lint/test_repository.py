"""What may not stand in the repository: addresses of registries, places on one machine."""

import re
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.lint.source import CHECKOUT

# Written in pieces, so that this file is not its own finding.
_HOSTS: Final = (
    ("repo", "maven"), ("repo1", "maven"), ("registry", "npmjs"), ("pypi", "org"),
    ("files", "python" "hosted"), ("deb", "debian"),
)  # fmt: skip
FORBIDDEN: Final[dict[str, str]] = {
    "registry hosts": "|".join(rf"{first}\.{second}" for first, second in _HOSTS),
    "places of one machine": r"(?<![\w.])/(root|home/\w+|work|Users)/",
}
_BINARY: Final = frozenset({".png", ".jpg", ".gz", ".mmdb", ".woff2", ".ico"})


def _tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, check=True)
    return [CHECKOUT / name for name in done.stdout.decode().split("\0") if name]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_forbidden_is_tracked(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what])
    found = set()
    for path in _tracked():
        if path.suffix in _BINARY or not path.is_file():
            continue
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
            if pattern.search(line):
                found.add(f"{path.relative_to(CHECKOUT)}:{number}: {line.strip()[:120]}")
    assert found == set()
