"""Rules that a job could not keep to are refused where they are written."""

import shutil
from pathlib import Path

import pytest

from schemas.load import FOLDER
from schemas.loaders.rules import load_rules
from schemas.loaders.strict import SchemaError


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("rage_clicks      = 3 ", "rage_clicks      = 4 ", "rage_clicks must be 3"),
        ("rage_window_ms   = 1_000", "rage_window_ms   = 1_001", "together_seconds covers"),
        ("error_ms         = 1_000", "error_ms         = 1_001", "together_seconds covers"),
        ("together_seconds = 1", "together_seconds = 2", "together_seconds lets a visitor"),
    ],
)
def test_friction_that_cannot_be_judged(tmp_path: Path, before: str, after: str, said: str) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(FOLDER / "rules", folder)
    assert load_rules(folder).friction.rage_clicks == 3
    file = folder / "friction.toml"
    text = file.read_text("utf-8")
    assert before in text
    file.write_text(text.replace(before, after), "utf-8")
    with pytest.raises(SchemaError, match=f"rules/friction.toml: {said}"):
        load_rules(folder)
