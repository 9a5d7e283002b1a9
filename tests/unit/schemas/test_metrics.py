"""Metrics and dimensions: a wrong formula or a name that stands twice is refused."""

from pathlib import Path

import pytest

from schemas.load import DIMENSIONS, KEYED, METRICS, RECORDS, RULES
from schemas.loaders.metrics import load_dimensions, load_metrics
from schemas.loaders.strict import SchemaError

GOOD = """
[people]
label = "People"
definition = "Different people."
unit = "count"
owner = "analytics"
events = { numerator = "count(DISTINCT visitor_id)" }
"""


def metrics_of(folder: Path, text: str) -> None:
    (folder / "some.toml").write_text(text)
    load_metrics(folder, RECORDS, RULES)


def test_a_metric_that_fits_is_loaded(tmp_path: Path) -> None:
    metrics_of(tmp_path, GOOD)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("visitor_id", "visiter_id", "visiter_id"),
        ("count(DISTINCT", "approx_distinct(", "approx_distinct"),
        ('"count"', '"furlong"', "furlong"),
        ("events =", "pages =", "pages"),
        ('label = "People"', "", "label"),
        ("visitor_id", "${nobody}", "nobody"),
        ('events = { numerator = "count(DISTINCT visitor_id)" }', "", "no formula"),
        ("[people]", "[People]", "snake_case"),
    ],
)
def test_one_that_does_not_is_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(SchemaError, match=words):
        metrics_of(tmp_path, GOOD.replace(old, new))


def test_a_name_stands_once(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text(GOOD)
    with pytest.raises(SchemaError, match="taken"):
        metrics_of(tmp_path, GOOD)


@pytest.mark.parametrize(
    "columns",
    [
        "",
        'events = "page_path"\nsessions = "entry_page"',
        'events = "nothing"',
        'sessions = "source"\nis_keyed = true',
        'events = "properties"\nis_keyed = true\nkey = "plan"',
    ],
)
def test_a_dimension_has_one_column_that_exists(tmp_path: Path, columns: str) -> None:
    text = f'[page]\nlabel = "Page"\ndefinition = "Path."\n{columns}\n'
    (tmp_path / "dimensions.toml").write_text(text)
    with pytest.raises(SchemaError):
        load_dimensions(tmp_path, RECORDS)


def test_the_names_of_the_issue_are_all_there() -> None:
    assert set(METRICS) >= {
        "visitors", "sessions", "page_views", "events", "bounce_rate", "session_duration",
        "views_per_session", "conversions", "revenue",
    }  # fmt: skip
    assert set(DIMENSIONS) >= {
        "page", "entry_page", "exit_page", "source", "medium", "campaign", "channel", "referrer",
        "country", "device", "browser", "os", "event_name",
    }  # fmt: skip


def test_a_keyed_dimension_is_asked_for_by_a_key() -> None:
    (keyed,) = KEYED.values()
    assert (keyed.written, keyed.under("plan").written) == ("property:NAME", "property:plan")
    assert keyed.name not in DIMENSIONS
