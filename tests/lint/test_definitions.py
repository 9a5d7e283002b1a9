"""Numbers that define something stand in schemas/ only; no stray copy elsewhere."""

import re
from typing import Final

import pytest

from tests.lint.source import files, named

OUTSIDE_SCHEMAS: Final = (
    "ingest_edge",
    "pipelines",
    "orchestration",
    "serving",
    "infra",
    "cli",
)

# What a definition looks like when somebody wrote it by hand.
STRAY: Final[dict[str, str]] = {
    "session gap": r"INTERVAL\s+'30'\s+MINUTE|gap\w*\s*[=<>]+\s*30\b|\b1_?800(_?000)?\b",
    "rage click distance or time": r"INTERVAL\s+'1'\s+SECOND|<=?\s*30\s*--\s*px",
    "lateness": r"INTERVAL\s+'12'\s+SECONDS?",
    "watermark": r"INTERVAL\s+'20'\s+SECONDS?",
    "bounce": r"engaged_ms\s*<\s*10_?000",
    "duplicate window": r"INTERVAL\s+'24'\s+HOURS?",
}

# "<file>" -> why it may hold one.
EXCEPTIONS: Final[dict[str, str]] = {}


@pytest.mark.parametrize("definition", STRAY)
def test_no_stray_definition(definition: str) -> None:
    pattern = re.compile(STRAY[definition], re.IGNORECASE)
    found = {
        f"{named(path)}:{number}: {line.strip()}"
        for suffix in (".py", ".sql")
        for path in files(suffix, *OUTSIDE_SCHEMAS)
        if named(path) not in EXCEPTIONS
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if pattern.search(_without_comment(line))
    }
    assert found == set()


def _without_comment(line: str) -> str:
    """Return what acts: words in comments and docstrings may name a number."""
    stripped = line.strip()
    if stripped.startswith(("#", "--", '"""')) or stripped.endswith('"""'):
        return ""
    return re.split(r"\s#\s|--", line)[0]


def test_a_stray_gap_is_seen() -> None:
    assert re.search(STRAY["session gap"], "INTERVAL '30' MINUTE", re.IGNORECASE)
    assert re.search(STRAY["session gap"], "if idle_ms > 1_800_000:")
    assert re.search(STRAY["session gap"], "the last 30 minutes") is None
