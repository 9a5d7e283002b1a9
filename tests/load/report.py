"""What a benchmark found, and how it is shown."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Final

PAGE: Final = Path(__file__).parents[2] / "docs" / "reference" / "performance.md"


class Unmeasurable(Exception):
    """The bench cannot run here; says what it needs."""


@dataclass(frozen=True)
class Figure:
    """One measured thing: `runs` are its values in `unit`, one a run; `note` says against what."""

    name: str
    unit: str
    runs: tuple[float, ...]
    note: str = ""

    @property
    def middle(self) -> float:
        """Return the median run."""
        return median(self.runs)

    def row(self) -> str:
        """Return the figure as a line of a Markdown table."""
        spread = f"{short(min(self.runs))} – {short(max(self.runs))}"
        cells = (self.name, short(self.middle), spread, str(len(self.runs)), self.unit, self.note)
        return f"| {' | '.join(cells)} |"


def short(value: float) -> str:
    """Return three significant digits, thousands apart: 0.0123, 4.56, 12 300."""
    digits = f"{value:.3g}"
    return f"{float(digits):,.0f}".replace(",", " ") if abs(value) >= 100 else digits


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least `share` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    rank = max(1, -(-int(share * 1_000_000) * len(ordered) // 1_000_000))
    return ordered[rank - 1]


def section(title: str, command: str, figures: Sequence[Figure]) -> str:
    """Return a Markdown section: what was run, where, when, and a row for each figure."""
    when = datetime.now(UTC).strftime("%Y-%m-%d")
    head = f"## {title}\n\n`{command}`, {when}, {_machine()}.\n"
    table = "| what | median | spread | runs | unit | note |\n|---|---|---|---|---|---|"
    return "\n".join((head, table, *(figure.row() for figure in figures))) + "\n"


def _machine() -> str:
    return f"{os.cpu_count()} cores of {platform.machine()}, Python {platform.python_version()}"


def keep(text: str, page: Path = PAGE) -> None:
    """Write the section into the page, in place of an older one of the same title."""
    title = text.splitlines()[0]
    old = page.read_text("utf-8") if page.exists() else "# Performance\n"
    parts = ("\n" + old).split("\n## ")
    kept = [part for part in parts[1:] if f"## {part.splitlines()[0]}" != title]
    sections = [f"## {part.strip()}\n" for part in kept] + [text]
    page.write_text("\n".join((parts[0].strip() + "\n", *sections)), "utf-8")
