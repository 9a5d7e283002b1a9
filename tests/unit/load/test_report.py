"""Figures are shown as they are."""

from pathlib import Path

import pytest

from tests.load.report import Figure, keep, percentile, section, short


@pytest.mark.parametrize(
    ("value", "shown"), [(0.012345, "0.0123"), (4.56, "4.56"), (12345.0, "12 300"), (0.0, "0")]
)
def test_three_significant_digits(value: float, shown: str) -> None:
    assert short(value) == shown


@pytest.mark.parametrize(("share", "value"), [(0.5, 5), (0.95, 10), (1.0, 10), (0.01, 1), (0.1, 1)])
def test_percentile_is_a_value_that_occurred(share: float, value: int) -> None:
    assert percentile(range(1, 11), share) == value


def test_a_newer_section_takes_the_place_of_the_older(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    for title, runs in (("Edge", (1.0,)), ("API", (2.0,)), ("Edge", (3.0, 5.0, 4.0))):
        keep(section(title, "make bench", [Figure("post", "ms", runs)]), page)
    text = page.read_text("utf-8")
    assert text.count("## Edge") == text.count("## API") == 1
    assert "| post | 4 | 3 – 5 | 3 | ms |  |" in text
    assert text.startswith("# Performance\n")
