"""Reads tests/sql/funnels/cases.toml, whose head says how it is written."""

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from schemas.goals import Destination, Event, Property
from schemas.load import DIMENSIONS, RULES
from serving.query import periods
from serving.query.funnel import Deed, Exclusion, FunnelAsk, Step
from serving.query.periods import Span
from tests.sql.funnel_tries import Happening, Rules

FILE: Final = Path(__file__).parent / "funnels" / "cases.toml"
START: Final = "2026-04-10T12:00:00Z"
DAYS: Final = ["2026-04-10", "2026-04-10"]
_TOKEN: Final = re.compile(
    r"(?:(?P<gap>\d+):)?(?P<name>\w*)(?P<path>/[\w/]*)?(?P<body>\{.*\})?(?:#(?P<seq>\d+))?"
)
Row = dict[str, Any]
Times = list[int | None]


@dataclass(frozen=True)
class Case:
    """One visitor's events, as columns of rows, and the ms that each step took."""

    name: str
    events: list[Row]
    reached: Times


@dataclass(frozen=True)
class Group:
    """A funnel and the walks asked about with it."""

    name: str
    ask: FunnelAsk
    span: Span
    cases: list[Case]

    @property
    def rules(self) -> Rules:
        """What the computation beside it has to know."""
        optional = (n for n, step in enumerate(self.ask.steps, 1) if step.is_optional)
        window = self.ask.window_seconds * 1000
        return Rules(self.ask.order, len(self.ask.steps), window, frozenset(optional))


def load_groups() -> list[Group]:
    """Return all cases, by funnel."""
    return [_group(one) for one in tomllib.loads(FILE.read_text("utf-8"))["funnel"]]


def _group(one: Row) -> Group:
    steps = tuple(Step(deed(text.rstrip("?")), _is_optional(text)) for text in one["steps"])
    exclusions = tuple(_exclusion(text, len(steps)) for text in one.get("exclusions", ()))
    ask = FunnelAsk(
        steps,
        one.get("order", "ordered"),
        one.get("window", 86_400),
        exclusions,
        DIMENSIONS["campaign"],
        1_000,
    )
    first, last = (date.fromisoformat(day) for day in one.get("range", DAYS))
    span = periods.of_dates(first, last, one.get("timezone", "UTC"))
    return Group(one["name"], ask, span, [_case(*case) for case in one["cases"].items()])


def _is_optional(text: str) -> bool:
    return text.endswith("?") and not text.startswith("regex")


def deed(text: str) -> Deed:
    """Read what a visitor is to do."""
    match text.split():
        case [("exact" | "contains" | "regex") as match, path]:
            return Deed(Event("page_view"), Destination(match, path))
        case [name, "on", path]:
            return Deed(Event(name), Destination("exact", path))
        case [name, *properties]:
            pairs = (one.split("=") for one in properties)
            return Deed(Event(name, tuple(Property(*pair) for pair in pairs)))
    raise ValueError(text)


def _exclusion(text: str, last: int) -> Exclusion:
    name, _, between = text.partition(" ")
    after, before = between.split("-") if between else (1, last)
    return Exclusion(deed(name), int(after), int(before))


def _case(name: str, told: list[str]) -> Case:
    did, reached = told
    times = [None if took == "-" else int(took) for took in reached.split()]
    return Case(name, list(_events(did)), times)


def _events(did: str) -> Iterator[Row]:
    tokens = did.split()
    if not tokens[0].startswith("2026-"):
        tokens.insert(0, START)
    at, gap = datetime.fromisoformat(tokens[0]), 0
    for token in tokens[1:]:
        found = _TOKEN.fullmatch(token)
        assert found, token
        at += timedelta(milliseconds=int(found["gap"] or gap))
        yield {
            "event_at": at.astimezone(UTC),
            "event_name": found["name"] or "page_view",
            "page_path": found["path"],
            "properties": found["body"][1:-1] if found["body"] == "{[1]}" else found["body"],
            "seq": int(found["seq"]) if found["seq"] else None,
        }
        gap = 1000


def happenings(group: Group, events: list[Row]) -> list[Happening]:
    """Return what a funnel sees of a visitor's events, in order, told in plain Python."""
    ordered = sorted(
        events, key=lambda row: (row["event_at"], -1 if row["seq"] is None else row["seq"])
    )
    return [_happening(group, row) for row in ordered if row["event_at"] >= group.span.start]


def _happening(group: Group, row: Row) -> Happening:
    ask = group.ask
    return Happening(
        at=round(row["event_at"].timestamp() * 1000),
        steps=frozenset(n for n, step in enumerate(ask.steps, 1) if _is(step.deed, row)),
        ended=frozenset(
            number
            for one in ask.exclusions
            if _is(one.deed, row)
            for number in range(one.after, one.before)
        ),
        begins=row["event_at"] < group.span.end,
        is_background=row["event_name"] in RULES.funnels.background,
    )


def _is(wanted: Deed, row: Row) -> bool:
    if row["event_name"] != wanted.event.event_name:
        return False
    if wanted.page and not _is_page(wanted.page, row["page_path"]):
        return False
    return all(_has(one, row["properties"]) for one in wanted.event.properties)


def _is_page(wanted: Destination, path: str | None) -> bool:
    if path is None:
        return False
    if wanted.match == "regex":
        return re.search(wanted.path, path) is not None
    return wanted.path == path if wanted.match == "exact" else wanted.path in path


def _has(wanted: Property, body: str | None) -> bool:
    try:
        value = json.loads(body or "{}")[wanted.name]
    except (ValueError, KeyError, TypeError):
        return False
    return str(value) == wanted.value or (isinstance(value, int | float) and value == wanted.number)
