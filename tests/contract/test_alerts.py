"""Each alert has its runbook and each runbook its alert."""

from pathlib import Path
from typing import Final

import pytest

from schemas.load import RULES

RUNBOOKS: Final = Path(__file__).parents[2] / "docs" / "runbooks"


def test_alerts_and_runbooks_are_the_same() -> None:
    files = {path.stem for path in RUNBOOKS.glob("*.md")} - {"README"}
    assert files == set(RULES.alerts.alerts)


@pytest.mark.parametrize("alert", RULES.alerts.alerts)
def test_a_runbook_says_what_it_means_what_to_look_at_and_what_to_do(alert: str) -> None:
    text = (RUNBOOKS / f"{alert}.md").read_text("utf-8")
    parts = [text.find(f"**{part}.**") for part in ("Means", "Look at", "Do")]
    assert -1 not in parts
    assert parts == sorted(parts)
    assert f"`{alert}`" in text
    assert f"({alert}.md)" in (RUNBOOKS / "README.md").read_text("utf-8")
