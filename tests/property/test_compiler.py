"""Whatever is asked, SQL is made of our own words only, and every value is a parameter."""

import re
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from pydantic import ValidationError

from schemas.load import DIMENSIONS, KEYED, METRICS, RECORDS
from serving.errors import QueryError
from serving.query import periods
from serving.query.ask import check
from serving.query.compiler import compile_part
from serving.query.filters import TEXT_OPS, is_clean
from serving.query.plan import plan
from serving.query.schemas import Question
from serving.query.sql import Statement
from serving.scope import SiteScope
from tests.property.questions import HOSTILE, hostile, sensible

SCOPE = SiteScope("shop", "Europe/Berlin", exclude_bots=True)
NOW = datetime(2026, 10, 26, 12, tzinfo=UTC)
OURS = frozenset(
    """SELECT FROM WHERE AND OR NOT IN IS NULL NULLS LAST ASC DESC GROUP BY ORDER OFFSET LIMIT JOIN
    ON AS CASE WHEN THEN ELSE END CAST DISTINCT sum count coalesce nullif lower strpos regexp_like
    date_trunc date_add at_timezone double date minute hour day week month analytics events
    sessions false site_id is_bot UTC ARRAY TRAILING any_match decimal element_at json json_format
    json_parse map substr transform trim try value varchar""".split()
)
LITERALS = frozenset(
    {"browser", "import", "page_view", "minute", "hour", "day", "week", "month", "UTC",
     "-0123456789", "0", "."}
)  # fmt: skip
COLUMNS = {field.name for name in ("event_row", "session") for field in RECORDS[name].fields}
KNOWN = (
    OURS | COLUMNS | {f"session_{name}" for name in COLUMNS} | {"browser", "import", "page_view"}
)
POSITIONS = re.compile(r"d\d|m\d+_\d")


def statements(question: Question) -> list[Statement]:
    zone = question.timezone or SCOPE.timezone
    ask = check(question)
    span = periods.resolve(question.date_range, zone, NOW, NOW.date())
    middle = periods.midnight(span.first_date, zone)
    return [compile_part(ask, part, span, SCOPE) for part in plan(ask, span, middle)]


def assert_ours(statement: Statement) -> None:
    text = statement.sql.text
    assert text.startswith("SELECT ")
    assert text.count("?") == len(statement.sql.params)
    assert re.fullmatch(r"[A-Za-z0-9_ \n,.?()<>=*/'\[\]-]*", text), text
    assert "--" not in text
    for word in re.findall(r"[A-Za-z_][A-Za-z0-9_]*", text):
        assert word in KNOWN or POSITIONS.fullmatch(word), f"{word!r} in {text}"
    assert set(re.findall(r"'([^']*)'", text)) <= LITERALS


@given(sensible())
@settings(max_examples=120, deadline=None)
def test_every_sensible_question_is_sql_of_our_words_or_refused(
    question: Question,
) -> None:
    try:
        found = statements(question)
    except QueryError:
        return
    for statement in found:
        assert_ours(statement)
        assert statement.site_id == "shop"
        assert "shop" in statement.sql.params


@given(hostile())
@settings(max_examples=120, deadline=None)
def test_hostile_text_never_becomes_sql(question: dict[str, Any]) -> None:
    try:
        found = statements(Question.model_validate(question))
    except (QueryError, ValidationError):
        return
    for statement in found:
        assert_ours(statement)


def test_the_registry_itself_is_harmless() -> None:
    assert METRICS
    known = [*DIMENSIONS.values(), *KEYED.values()]
    assert all(re.fullmatch(r"[a-z_]+", dimension.column) for dimension in known)


@given(HOSTILE.filter(is_clean).filter(bool))
@settings(max_examples=60, deadline=None)
def test_the_name_of_a_property_is_a_parameter(key: str) -> None:
    name = f"property:{key}"
    filters = [[op, name, ["x"]] for op in TEXT_OPS]
    found = statements(
        Question(site="shop", metrics=["events"], dimensions=[name], filters=filters)
    )
    for statement in found:
        assert_ours(statement)
        assert statement.sql.params.count(key) == len(filters) + 2, "asked, told and not null"
