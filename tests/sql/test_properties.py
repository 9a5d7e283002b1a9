"""Properties of events asked of Trino: filters beside a plain Python evaluation, and breakdowns."""

import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

import pytest

from pipelines.batch.restate import Lake
from schemas.goals import Event, Property
from serving.query import periods
from serving.query.funnel import Deed, FunnelAsk, Step
from serving.query.plan import ABOUT_EVENTS
from serving.query.schemas import Answer
from serving.scope import SiteScope
from tests.integration.stack import Stack
from tests.sql.asked import Row, ask_all, told, visit
from tests.sql.funnel_cases import Group
from tests.sql.rows import RUN, event
from tests.sql.test_funnels import ask_trino

VALUES: Final = SiteScope(f"{RUN}-property-values", "UTC", exclude_bots=False)
MADE: Final = SiteScope(f"{RUN}-property-made", "UTC", exclude_bots=False)
VISITS: Final = SiteScope(f"{RUN}-property-visits", "UTC", exclude_bots=False)
NOON: Final = datetime(2026, 4, 10, 12, tzinfo=UTC)
DAY: Final = ["2026-04-10", "2026-04-10"]
SEED: Final = 43
EVENTS: Final = 300
QUESTIONS: Final = 80

# What stands in `properties` under a name, as JSON, and the text it is told as.
SHOWN: Final[dict[str, str | None]] = {
    '"pro"': "pro",
    '"10"': "10",
    "10": "10",
    "10.0": "10",
    "1e1": "10",
    '"10.0"': "10.0",
    "-0.50": "-0.5",
    "-0": "0",
    "100": "100",
    "12345678.5": "12345678.5",
    "0.30000000000000004": "0.30000000000000004",
    "9007199254740993": "9007199254740993",
    "1e300": "1.0E300",
    "true": "true",
    '"true"': "true",
    "false": "false",
    '""': "",
    '" a\\tb "': " a\tb ",
    '"\\u00e4\\ud83d\\ude00"': "ä\U0001f600",
    "null": None,
    "[10]": None,
    '{"a": 10}': None,
}
NO_OBJECTS: Final = [None, "v: 10", '["v"]', '"v"', "", '{"other": 10}']
NAMES: Final = [
    "v", "V", "a.b", "$.v", "$", "' OR 1 = 1 --", '"; DROP TABLE x', "\\'", "${value}", "?", "%s",
    "ü\U0001f600", "v:w", "0", "][", "x" * 500,
]  # fmt: skip


@pytest.fixture(scope="module")
def known(lake: Lake) -> Lake:
    rows = [valued(text) for text in bodies()] + made_events()
    made = [visit(VISITS.site_id, *one) for one in visits()]
    lake.append("events", rows + [row for events, _ in made for row in events])
    lake.append("sessions_closed", [session for _, session in made])
    return lake


def bodies() -> list[str | None]:
    return [f'{{"v": {value}}}' for value in SHOWN] + NO_OBJECTS


def valued(properties: str | None) -> Row:
    return event(
        site_id=VALUES.site_id, visitor_id="v", event_at=NOON, event_name="e", properties=properties
    )


def ask_one(home: Stack, scope: SiteScope, **question: Any) -> Answer:
    asked = {"date_range": DAY, "metrics": ["events"], **question}
    return ask_all(home, scope, [asked])[0]


@pytest.mark.usefixtures("known")
def test_what_a_value_is_told_as(lake_home: Stack) -> None:
    answer = ask_one(lake_home, VALUES, dimensions=["property:v"])
    wanted = Counter(text for text in SHOWN.values() if text is not None)
    assert {row.dimensions[0]: row.metrics[0] for row in answer.rows} == wanted
    assert answer.totals is not None
    assert answer.totals.metrics == [len(bodies())]


@pytest.mark.usefixtures("known")
def test_a_filter_by_what_a_row_is_called_counts_that_row(lake_home: Stack) -> None:
    rows = told(ask_one(lake_home, VALUES, dimensions=["property:v"]))
    asked = [
        {"date_range": DAY, "metrics": ["events"], "filters": [["is", "property:v", [name]]]}
        for ((name,), _) in rows
    ]
    found = {
        name: answer.rows[0].metrics
        for ((name,), _), answer in zip(rows, ask_all(lake_home, VALUES, asked), strict=True)
    }
    # What reads as a number asks for that number too, however it was written.
    assert found.pop("10.0") == [4]
    assert found == {name: figures for (name,), figures in rows if name != "10.0"}


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("values", "count"),
    [(["10"], 4), (["10.0"], 4), (["010"], 3), (["-0.5"], 1), (["-0.500"], 1), (["0.3"], 0),
     (["1e1"], 0), (["9007199254740992"], 0), ([None], 3 + len(NO_OBJECTS)), (["pro", None], 10),
     (["Pro"], 0), (["null"], 0), (["[10]"], 0)],
)  # fmt: skip
def test_what_meets_a_value(lake_home: Stack, values: list[str | None], count: int) -> None:
    """A funnel's step asks alike: both take serving/query/properties.py."""
    answer = ask_one(lake_home, VALUES, filters=[["is", "property:v", values]])
    assert answer.rows[0].metrics == [count]
    (not_,) = ask_one(lake_home, VALUES, filters=[["is_not", "property:v", values]]).rows
    assert not_.metrics == [len(bodies()) - count]
    if None not in values:
        assert in_a_funnel(lake_home, [str(one) for one in values]) == (count > 0)


def in_a_funnel(home: Stack, values: list[str]) -> bool:
    (value,) = values
    ask = FunnelAsk((Step(Deed(Event("e", (Property("v", value),)))),), "ordered", 60)
    group = Group("", ask, periods.between(DAY, "UTC", ()), [])
    (rows,) = ask_trino(home, [(VALUES.site_id, group)])
    return any(row[0] and row[3] == 1 and row[4] == 1 for row in rows)


def made_events() -> list[Row]:
    """Return events with properties of any name, of all kinds of values."""
    rng, values = Random(SEED), [*SHOWN, *map(json.dumps, NAMES[:8])]
    return [
        event(
            site_id=MADE.site_id,
            visitor_id=f"v{rng.randrange(40)}",
            event_at=NOON + timedelta(seconds=number),
            event_name=rng.choice(["a", "b"]),
            properties=_made_body(rng, values),
        )
        for number in range(EVENTS)
    ]


def _made_body(rng: Random, values: list[str]) -> str | None:
    if rng.random() < 0.1:
        return rng.choice(NO_OBJECTS)
    names = rng.sample(NAMES, rng.randint(0, 8))
    return "{" + ", ".join(f"{json.dumps(n)}: {rng.choice(values)}" for n in names) + "}"


def text_of(body: str | None, name: str) -> tuple[str | None, Any]:
    """Return the text of a property and what it is in JSON, told in plain Python."""
    try:
        value = json.loads(body or "")[name]
    except (ValueError, KeyError, TypeError):
        return None, None
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: None}[value], value
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < 1e15
        return str(int(value)) if whole else repr(value).replace("1e+300", "1.0E300"), value
    return (str(value) if isinstance(value, int | str) else None), value


def made_filter(rng: Random, depth: int = 0) -> list[Any]:
    kind = rng.choice(["and", "or", "not"]) if depth < 3 and rng.random() < 0.5 else "leaf"
    if kind == "not":
        return ["not", made_filter(rng, depth + 1)]
    if kind != "leaf":
        return [kind, [made_filter(rng, depth + 1) for _ in range(rng.randint(1, 3))]]
    name = f"property:{rng.choice(NAMES)}"
    op = rng.choice(["is", "is_not", "contains", "contains_not", "matches"])
    if op == "matches":
        return [op, name, rng.sample(["^p", "[.]", "^$", "1|x", "ä"], rng.randint(1, 2))]
    texts = ["pro", "10", "10.0", "true", "-0.5", "", "1", "PRO", "Ä", *NAMES[:8]]
    values: list[str | None] = list(rng.sample(texts, rng.randint(1, 3)))
    return [op, name, values + [None] * (op.startswith("is") and rng.random() < 0.3)]


def holds(asked: list[Any], row: Row) -> bool:
    match asked:
        case ["not", part]:
            return not holds(part, row)
        case ["and" | "or" as op, parts]:
            return (all if op == "and" else any)(holds(part, row) for part in parts)
        case [str(op), str(name), values]:
            text, value = text_of(row["properties"], name.removeprefix("property:"))
            test = TESTS[op.removesuffix("_not")]
            return any(test(text, value, one) for one in values) is not op.endswith("_not")
    raise ValueError(asked)


def _is(text: str | None, value: Any, wanted: str | None) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    reads = wanted is not None and re.fullmatch(r"-?\d+(\.\d+)?", wanted)
    return text == wanted or bool(is_number and reads and value == float(wanted or ""))


TESTS: Final[dict[str, Callable[[str | None, Any, Any], bool]]] = {
    "is": _is,
    "contains": lambda text, _, wanted: text is not None and wanted.lower() in text.lower(),
    "matches": lambda text, _, wanted: text is not None and re.search(wanted, text) is not None,
}


@pytest.mark.usefixtures("known")
def test_filters_keep_what_plain_python_keeps(lake_home: Stack) -> None:
    rng, rows = Random(SEED), [row for row in made_events()]
    filters = [made_filter(rng) for _ in range(QUESTIONS)]
    asked = [
        {"date_range": DAY, "metrics": ["events", "visitors"], "filters": [one]} for one in filters
    ]
    found = [answer.rows[0].metrics for answer in ask_all(lake_home, MADE, asked)]
    kept = [[row for row in rows if holds(one, row)] for one in filters]
    wanted = [[len(some), len({row["visitor_id"] for row in some})] for some in kept]
    assert len({count for count, _ in wanted}) > QUESTIONS // 3
    assert list(zip(filters, found, strict=True)) == list(zip(filters, wanted, strict=True))


@pytest.mark.usefixtures("known")
def test_a_property_of_any_name_is_broken_down_by(lake_home: Stack) -> None:
    asked = [
        {
            "date_range": DAY,
            "metrics": ["events"],
            "dimensions": ["event_name", f"property:{name}"],
            "order_by": [[f"property:{name}", "asc"]],
        }
        for name in NAMES
    ]
    for name, answer in zip(NAMES, ask_all(lake_home, MADE, asked), strict=True):
        pairs = [
            (row["event_name"], text)
            for row in made_events()
            if (text := text_of(row["properties"], name)[0]) is not None
        ]
        found = [(row.dimensions, row.metrics) for row in answer.rows]
        wanted = sorted(Counter(pairs).items(), key=lambda one: one[0][::-1])
        assert found == [([*pair], [count]) for pair, count in wanted], name
        assert found, name


def visits() -> list[tuple[str, datetime, list[tuple[str, str, Any]]]]:
    view, pro, free = ("page_view", "/", None), {"plan": "pro"}, {"plan": "free"}
    return [
        ("ann", NOON, [view, ("sign_up", "/", pro)]),
        ("ann", NOON + timedelta(hours=2), [view]),
        ("bob", NOON, [view, ("sign_up", "/", free)]),
        ("cid", NOON, [("sign_up", "/join", pro), ("hover", "/", free)]),
    ]


PRO, FREE = (["is", "property:plan", [plan]] for plan in ("pro", "free"))
SIGNED_UP: Final = ["is", "event_name", ["sign_up"]]


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ([PRO], 2),
        ([FREE], 2),
        ([["not", PRO]], 2),
        ([["or", [PRO, FREE]]], 3),
        ([PRO, FREE], 0),
        ([["and", [FREE, SIGNED_UP]]], 1),
        ([FREE, ["not", SIGNED_UP]], 0),
        ([PRO, ["is", "entry_page", ["/join"]]], 1),
        ([["has_done", PRO]], 3),
        ([["has_not_done", PRO]], 1),
        ([["has_done", ["and", [FREE, SIGNED_UP]]]], 1),
    ],
)
def test_sessions_with_an_event_that_has_a_property(
    lake_home: Stack, filters: list[Any], count: int
) -> None:
    answer = ask_one(lake_home, VISITS, metrics=["sessions"], filters=filters)
    assert answer.rows[0].metrics == [count]
    is_told = [note == ABOUT_EVENTS.format(names="sessions") for note in answer.meta.warnings]
    assert is_told == ([] if str(filters).startswith("[['has_") else [True])


@pytest.mark.usefixtures("known")
def test_compared_with_the_day_before(lake_home: Stack) -> None:
    question = {
        "dimensions": ["property:plan"],
        "metrics": ["visitors"],
        "compare": "previous_period",
    }
    (pro, free) = sorted(
        ask_one(lake_home, VISITS, **question).rows, key=lambda row: row.dimensions, reverse=True
    )
    assert [(row.dimensions, row.metrics) for row in (pro, free)] == [
        (["pro"], [2]),
        (["free"], [2]),
    ]
    assert pro.comparison is not None
    assert pro.comparison.metrics == [0]
