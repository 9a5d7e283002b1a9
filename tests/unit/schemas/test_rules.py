"""Rules that a job could not keep to are refused where they are written."""

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from schemas.load import FOLDER, RECORDS, RULES
from schemas.loaders.edge_rules import channel_rules
from schemas.loaders.quality_rules import check_quality_columns
from schemas.loaders.rules import load_rules
from schemas.loaders.strict import SchemaError

# File of rules -> what is changed in it, and what is said of that.
WRONG: Final[dict[str, list[tuple[str, str, str]]]] = {
    "friction": [
        ("rage_clicks      = 3 ", "rage_clicks      = 4 ", "rage_clicks must be 3"),
        ("rage_window_ms   = 1_000", "rage_window_ms   = 1_001", "together_seconds covers"),
        ("error_ms         = 1_000", "error_ms         = 1_001", "together_seconds covers"),
        ("together_seconds = 1", "together_seconds = 2", "together_seconds lets a visitor"),
        ("abandon_minutes  = 30", "abandon_minutes  = 31", "abandon_minutes must not exceed"),
        ('["browser"]', '["browser", "server"]', r"friction_senders \['server'\] make no"),
    ],
    "attribution": [
        ("half_life_days         = 7 ", "half_life_days         = 0 ", "half_life_days must be"),
        ("[40, 20, 40]", "[40, 60]", "position_weights are three"),
        ("[50, 50]", "[100, 0]", "position_two_weights are two"),
        ("history_days           = 90", "history_days           = 0", "history_days must be"),
        ("exact_channels = 12", "exact_channels = 21", "shapley_exact_channels must be 2 to 20"),
        ("prior_paths    = 10", "prior_paths    = -1", "shapley_prior_paths must not"),
        ("max_touches            = 100", "max_touches            = 1", "max_touches must be 2"),
        ("markov          = 30", "markov          = 0", "every one of lookback_days"),
    ],
    "heatmap": [
        ("cell_seconds        = 3_600", "cell_seconds = 1_800", "cell_seconds must be 3600"),
        ("step_seconds        = 60", "step_seconds = 7", "step_seconds must divide"),
        ("state_hours         = 4", "state_hours = 1", "state_hours must be twice"),
        ("[10, 20,", "[20, 10,", "depths_percent must rise"),
        ("90, 100]", "90, 101]", "depths_percent must rise"),
    ],
    "revenue": [
        ('["BHD", ', '["JPY", ', "JPY: zero_decimal and three_decimal"),
        ("[vendors.paddle]", "[vendors.acme]", "vendors.acme is none of edge.webhooks.vendors"),
        ("day   = 365", "day   = 0", "periods_per_year must be above 0"),
        ("month = 12", "month = 13", "periods_per_year.month must be 12"),
    ],
    "quality": [
        ("min_weeks      = 2 ", "min_weeks      = 5 ", "min_weeks must be from 1 to weeks"),
        ("low_volume     = 0.5", "low_volume     = 1.5", "low_volume must be below 1"),
        ("late_share     = 0.2", "late_share     = 20", "late_share is a share"),
    ],
    "paths": [
        ("max_steps        = 10 ", "max_steps        = 1 ", "max_steps must be 2 to 100"),
        ("pages_per_step   = 20 ", "pages_per_step   = 0 ", "pages_per_step must be 1 or more"),
        ('"(more)"', '"(exit)"', "entry, exit, more, other"),
        ('"(more)"', '"/more"', "names begin with a bracket"),
        ('" > "', '""', "a separator is needed"),
        ('"(other)"', '"(other\'s)"', "a separator is needed, and no"),
    ],
    "funnels": [
        ("max_steps          = 12 ", "max_steps = 13 ", "max_steps must be 2 to 12"),
        ("window_seconds     = 1209600", "window_seconds = 7776001", "window_seconds must be 1 to"),
        ("values             = 10", "values = 51", "values must be 1 to max_values"),
        ("max_exclusions     = 5", "max_exclusions = -1", "max_exclusions must not"),
        ('"page_leave", "identify"', '"page_leave", "signup"', "signup is not passive"),
    ],
}


@pytest.mark.parametrize(
    ("name", "before", "after", "said"),
    [(name, *change) for name, changes in WRONG.items() for change in changes],
)
def test_rules_that_cannot_be_kept_to(
    tmp_path: Path, name: str, before: str, after: str, said: str
) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(FOLDER / "rules", folder)
    assert load_rules(folder) == RULES
    file = folder / f"{name}.toml"
    text = file.read_text("utf-8")
    assert before in text
    file.write_text(text.replace(before, after), "utf-8")
    with pytest.raises(SchemaError, match=f"rules/{name}.toml: {said}"):
        load_rules(folder)


@pytest.mark.parametrize("column", ["event_id", "colour"])
def test_a_column_that_is_never_null_says_nothing(column: str) -> None:
    with pytest.raises(SchemaError, match=f"columns: {column} is no nullable field"):
        check_quality_columns(replace(RULES.quality, columns=(column,)), RECORDS)


def test_each_finding_of_the_view_has_its_words() -> None:
    view = (FOLDER / "views" / "quality_findings.sql").read_text("utf-8")
    said = next(line for line in view.splitlines() if line.startswith("-- Column finding:"))
    assert set(re.findall(r"\w+", said.partition(":")[2])) == RULES.quality.findings.keys()
    assert [name for name in RULES.quality.findings if f"'{name}'" not in view] == []


@pytest.mark.parametrize(
    ("rules", "fault"),
    [
        ("Partners", "a list of rules is needed, got str"),
        ([["Partners"]], r"channels\[1\]: a table is needed, got list"),
        ([{"channel": "Partners"}], r"channels\[1\]: a channel and at least one condition"),
        ([{"channel": "", "source": ["acme"]}], r"channels\[1\]: a channel and at least one"),
        ([{"chanel": "P"}], "unknown key 'chanel'"),
        ([{"channel": "P", "source": "acme"}], r"channels\[1\]: source"),
        ([{"channel": "P", "medium_matches": "("}], r"medium_matches: '\(' is no regular expr"),
        ([{"channel": "P", "source_matches": "a" * 201}], "longer than 200 characters"),
    ],
)
def test_wrong_channel_rules_of_a_site_name_the_fault(rules: object, fault: str) -> None:
    with pytest.raises(SchemaError, match=fault):
        channel_rules(rules, "channels")


def test_channel_rules_of_a_site_have_the_shape_of_the_usual_ones() -> None:
    (rule,) = channel_rules([{"channel": "Partners", "source": ["acme"]}], "channels")
    assert (rule.channel, rule.source, rule.medium) == ("Partners", ("acme",), ())
