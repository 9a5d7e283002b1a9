"""Funnels asked of Trino: cases, and made-up walks beside a search of every try there is."""

import asyncio
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from statistics import median, quantiles
from typing import Any, Final

import pytest

from pipelines.batch.erasures.model import record
from pipelines.batch.restate import Lake
from pipelines.lake.persons import Person
from schemas.goals import Destination, Event, Property
from schemas.load import DIMENSIONS
from serving.cache import Cache
from serving.freshness import Freshness
from serving.funnels import Funnel, FunnelsView
from serving.lake import Records, TrinoLake
from serving.query import periods
from serving.query.funnel import Deed, Exclusion, FunnelAsk, Step, compile_funnel
from serving.scope import SiteScope
from tests.integration.stack import Stack
from tests.sql.funnel_cases import Case, Group, Times, deed, happenings, load_groups
from tests.sql.funnel_tries import times
from tests.sql.rows import LATER, RUN, event

GROUPS: Final = load_groups()
MADE: Final = f"{RUN}-funnel-made"
VALUES: Final = f"{RUN}-funnel-values"
LEFT: Final = f"{RUN}-funnel-left-out"
HOSTILE: Final = f"{RUN}-funnel-hostile"
DAY: Final = date(2026, 4, 10)
NOON: Final = datetime(2026, 4, 10, 12, tzinfo=UTC)
AB: Final = FunnelAsk((Step(deed("a")), Step(deed("b"))), "ordered", 3_600)
SEED: Final = 42
WALKS: Final = 250
Row = dict[str, Any]
Reached = dict[str, dict[int, int]]
# Each of these paths is several steps at once; `x` is excluded, `page_leave` is background.
PATHS: Final = ("/a", "/b", "/c", "/ab", "/bc", "/abc")
NASTY: Final = [
    "' OR 1 = 1 --",
    '"; DROP TABLE x',
    "\\'",
    "${start}",
    "?",
    "%s",
    "ü\U0001f600",
    "$",
]


def site_of(group: Group) -> str:
    return f"{RUN}-funnel-{GROUPS.index(group)}"


def walk_rows(site: str, cases: Iterable[Case]) -> Iterator[Row]:
    for case in cases:
        for row in case.events:
            yield event(site_id=site, visitor_id=case.name, campaign=case.name, **row)


def made_walks() -> list[Case]:
    """Return walks of up to eight events, often in one millisecond, around the end of a day."""
    rng = Random(SEED)
    return [Case(f"v{number}", list(_made_events(rng)), []) for number in range(WALKS)]


def _made_events(rng: Random) -> Iterator[Row]:
    at = datetime(2026, 4, 10, 23, 59, 50, tzinfo=UTC) + timedelta(seconds=rng.randrange(15))
    for _ in range(rng.randint(2, 8)):
        name = rng.choices(("page_view", "x", "page_leave", "z"), (12, 2, 1, 1))[0]
        path = rng.choice(PATHS) if name == "page_view" else None
        seq = rng.choice((None, 1, 2, 3))
        yield {"event_at": at, "event_name": name, "page_path": path, "seq": seq}
        at += timedelta(milliseconds=rng.choice((0, 0, 1, 999, 1000, 3000)))


def made_groups() -> list[Group]:
    """Return funnels of all kinds over the same walks, with what each walk reaches."""
    a, b, c = (deed(f"contains {letter}") for letter in "abc")
    plain = tuple(Step(one) for one in (a, b, c))
    passed = (Step(a), Step(b, is_optional=True), Step(c), Step(b, is_optional=True))
    anywhere, later = Exclusion(deed("x"), 1, 3), Exclusion(deed("x"), 2, 3)
    again = Exclusion(deed("exact /b"), 1, 2)
    asks = {
        "ordered": FunnelAsk(plain, "ordered", 4),
        "ordered, an exclusion": FunnelAsk(plain, "ordered", 60, (anywhere,)),
        "ordered, two exclusions": FunnelAsk(plain, "ordered", 4, (later, again)),
        "ordered, optional steps": FunnelAsk(passed, "ordered", 3),
        "ordered, both": FunnelAsk(passed, "ordered", 60, (later, again)),
        "ordered, the same step": FunnelAsk((*plain[:1] * 3, *plain[:1] * 2), "ordered", 60),
        "strict": FunnelAsk(plain, "strict", 2),
        "strict, both": FunnelAsk(passed, "strict", 60, (again,)),
        "any": FunnelAsk(plain, "any", 4),
        "any, an exclusion": FunnelAsk(plain, "any", 60, (anywhere,)),
        "any, optional steps": FunnelAsk(passed, "any", 3, (Exclusion(deed("exact /b"), 1, 4),)),
    }
    span = periods.of_dates(DAY, DAY, "UTC")
    return [
        _with_times(
            Group(name, replace(ask, breakdown=DIMENSIONS["campaign"], values=1_000), span, [])
        )
        for name, ask in asks.items()
    ]


def _with_times(group: Group) -> Group:
    cases = [
        replace(walk, reached=times(happenings(group, walk.events), group.rules))
        for walk in made_walks()
    ]
    return replace(group, cases=cases)


@pytest.fixture(scope="module")
def walked(lake: Lake) -> Lake:
    rows = [row for group in GROUPS for row in walk_rows(site_of(group), group.cases)]
    rows += [*walk_rows(MADE, made_walks()), *of_values(), *left_out(), *hostile()]
    lake.append("events", rows)
    record(lake.trino, 1, Person(LEFT, ("gone",)), LATER, LATER)
    return lake


def ask_trino(home: Stack, asked: Iterable[tuple[str, Group]]) -> list[Records]:
    """Return the rows of each funnel, asked for side by side."""
    trino = TrinoLake(home.url("trino"))

    async def every() -> list[Records]:
        scopes = [(SiteScope(site, "UTC", False), group) for site, group in asked]
        return await asyncio.gather(
            *(trino.rows(compile_funnel(g.ask, g.span, scope), scope) for scope, g in scopes)
        )

    return asyncio.run(every())


def reached_of(rows: Records) -> Reached:
    """Return what each visitor reached: of each step the ms that it took."""
    found: Reached = {}
    for is_total, _, value, step, visitors, took, _ in rows:
        if not is_total:
            assert visitors == 1
            found.setdefault(value, {})[step] = took
    return found


def expected_of(cases: Iterable[Case]) -> Reached:
    every = {case.name: _by_step(case.reached) for case in cases}
    return {name: reached for name, reached in every.items() if reached}


def _by_step(reached: Times) -> dict[int, int]:
    return {step: took for step, took in enumerate(reached, start=1) if took is not None}


@pytest.fixture(scope="module")
def case_rows(walked: Lake, lake_home: Stack) -> dict[str, Records]:
    found = ask_trino(lake_home, [(site_of(group), group) for group in GROUPS])
    return {group.name: rows for group, rows in zip(GROUPS, found, strict=True)}


@pytest.mark.parametrize(
    ("group", "case"),
    [pytest.param(g, c, id=f"{g.name}: {c.name}") for g in GROUPS for c in g.cases],
)
def test_what_a_walk_reaches(case_rows: dict[str, Records], group: Group, case: Case) -> None:
    assert reached_of(case_rows[group.name]).get(case.name, {}) == _by_step(case.reached)


def test_the_cases_are_what_a_search_of_every_try_finds() -> None:
    for group in GROUPS:
        for case in group.cases:
            found = times(happenings(group, case.events), group.rules)
            assert found == case.reached, (group.name, case.name)


@pytest.fixture(scope="module")
def made_rows(walked: Lake, lake_home: Stack) -> list[tuple[Group, Records]]:
    groups = made_groups()
    found = ask_trino(lake_home, [(MADE, group) for group in groups])
    return list(zip(groups, found, strict=True))


def test_every_walk_reaches_what_its_best_try_does(
    made_rows: list[tuple[Group, Records]],
) -> None:
    for group, rows in made_rows:
        wanted = expected_of(group.cases)
        assert len({tuple(reached) for reached in wanted.values()}) > 2, group.name
        assert reached_of(rows) == wanted, group.name


def test_totals_are_those_of_all_walks(made_rows: list[tuple[Group, Records]]) -> None:
    for group, rows in made_rows:
        took: dict[int, list[int]] = {}
        for reached in expected_of(group.cases).values():
            for step, ms in reached.items():
                took.setdefault(step, []).append(ms)
        wanted = {
            step: (len(all_ms), median(all_ms), round(_p90(all_ms), 6))
            for step, all_ms in took.items()
        }
        found = {row[3]: (row[4], row[5], round(row[6], 6)) for row in rows if row[0]}
        assert found == wanted, group.name


def _p90(numbers: list[int]) -> float:
    return quantiles(numbers, n=10, method="inclusive")[8] if numbers[1:] else numbers[0]


def of_values() -> list[Row]:
    """Return visitors of some countries: one of several, and some of none."""
    walks = [("v0", ["a DE", "a FR", "b AT"]), ("v1", ["a FR", "b DE", "a DE"])]
    walks += [(f"de{n}", ["a DE"]) for n in range(3)] + [("it", ["a IT"])]
    walks += [("no0", ["a", "b"]), ("no1", ["a"])]
    return [
        event(
            site_id=VALUES,
            visitor_id=visitor,
            event_at=NOON + timedelta(seconds=place),
            event_name=one.split()[0],
            country=one.split()[1] if " " in one else None,
        )
        for visitor, did in walks
        for place, one in enumerate(did)
    ]


def asked(home: Stack, site: str, ask: FunnelAsk, *, exclude_bots: bool = False) -> Funnel:
    """Ask what the API asks, of the day of most cases."""
    trino, now = TrinoLake(home.url("trino")), NOON.timestamp()
    view = FunnelsView(trino, Cache(), Freshness(trino), lambda: now)
    return asyncio.run(view.of(SiteScope(site, "UTC", exclude_bots), ask, DAY, DAY))


@pytest.mark.usefixtures("walked")
def test_a_visitor_is_of_the_value_of_the_try_that_got_furthest(lake_home: Stack) -> None:
    ask = replace(AB, breakdown=DIMENSIONS["country"], values=2)
    found = asked(lake_home, VALUES, ask)
    told = [(g.value, g.other, [step.visitors for step in g.steps]) for g in found.breakdown]
    assert told == [("DE", False, [3, 0]), ("FR", False, [2, 2]), (None, True, [3, 1])]
    assert [step.visitors for step in found.steps] == [8, 3]
    ask = replace(ask, values=4)
    told = [
        (g.value, g.other, [s.visitors for s in g.steps])
        for g in asked(lake_home, VALUES, ask).breakdown
    ]
    assert told[2:] == [(None, False, [2, 1]), ("IT", False, [1, 0])]


@pytest.mark.usefixtures("walked")
def test_shares_and_drop_offs_are_of_the_step_before(lake_home: Stack) -> None:
    steps = (*AB.steps[:1], Step(deed("z"), is_optional=True), *AB.steps[1:])
    found = asked(lake_home, VALUES, replace(AB, steps=steps))
    assert [step.visitors for step in found.steps] == [8, 0, 3]
    assert [step.share_of_previous for step in found.steps] == [None, 0, 3 / 8]
    assert [step.drop_offs for step in found.steps] == [None, None, 5]
    assert [step.median_seconds for step in found.steps] == [None, None, 1]
    assert (found.meta.provisional, found.meta.source) == (True, ["analytics.events"])
    assert found.breakdown == []


def left_out() -> list[Row]:
    """Return walks that are no visitor's, or not everybody's, beside one that is."""
    walks: list[tuple[str | None, Row]] = [
        ("counts", {}),
        ("server", {"sender": "server"}),
        ("bot", {"is_bot": True}),
        ("flood", {"is_flood": True}),
        ("webhook", {"sender": "webhook"}),
        ("gone", {}),
        (None, {}),
    ]
    return [
        event(
            site_id=LEFT,
            visitor_id=visitor,
            event_name=name,
            event_at=NOON + timedelta(seconds=place),
            **own,
        )
        for visitor, own in walks
        for place, name in enumerate("ab")
    ]


@pytest.mark.usefixtures("walked")
def test_who_is_left_out(lake_home: Stack) -> None:
    every = asked(lake_home, LEFT, AB)
    assert [step.visitors for step in every.steps] == [3, 3]
    assert [step.visitors for step in asked(lake_home, LEFT, AB, exclude_bots=True).steps] == [2, 2]
    nobody = asked(lake_home, f"{LEFT}-unknown", AB)
    assert [(step.visitors, step.share_of_first) for step in nobody.steps] == [(0, None), (0, None)]


def hostile() -> list[Row]:
    """Return who did every text, who did them on other pages, and who never did."""
    walks = [("all", NASTY, NASTY), ("other", NASTY, ["other"] * len(NASTY))]
    walks += [("never", ["never"] * len(NASTY), NASTY)]
    return [
        event(
            site_id=HOSTILE,
            visitor_id=visitor,
            event_at=NOON + timedelta(seconds=place),
            event_name=name,
            page_path=f"/{text}",
            properties=json.dumps({text: text}),
        )
        for visitor, names, texts in walks
        for place, (name, text) in enumerate(zip(names, texts, strict=True))
    ]


def _nasty(place: int, text: str) -> Deed:
    """Return the event of a text on its page, compared in one way or the other."""
    page = Destination("exact", f"/{text}") if place % 2 else Destination("contains", text)
    return Deed(Event(text, (Property(text, text),)), page)


@pytest.mark.usefixtures("walked")
@pytest.mark.parametrize("order", ["strict", "any"])
def test_hostile_text_is_only_text(lake_home: Stack, order: Any) -> None:
    deeds = [_nasty(place, text) for place, text in enumerate(NASTY)]
    last = len(deeds)
    nothing = Deed(Event(NASTY[0], (Property(NASTY[0], NASTY[1]),)))
    ask = FunnelAsk(tuple(map(Step, deeds)), order, 60, (Exclusion(nothing, 1, last),))
    assert [step.visitors for step in asked(lake_home, HOSTILE, ask).steps] == [1] * last
