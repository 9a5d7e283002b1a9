"""Steps between pages, in views and in the API, beside a computation of their own."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, pairwise
from random import Random
from typing import Any, Final

import pytest

from pipelines.batch.erasures.model import record
from pipelines.batch.restate import Lake
from pipelines.lake.persons import Person
from schemas.load import RULES
from serving.cache import Cache
from serving.freshness import Freshness
from serving.lake import TrinoLake
from serving.paths import Paths, PathsAsk, PathsView
from serving.scope import SiteScope
from tests.integration.stack import Stack
from tests.sql.rows import RUN, add_site, event, insert, live_session

PATHS: Final = RULES.paths
MADE: Final = f"{RUN}-paths-made"
TAIL: Final = f"{RUN}-paths-tail"
BOTS: Final = f"{RUN}-paths-bots"
GONE: Final = f"{RUN}-paths-gone"
LONG: Final = f"{RUN}-paths-long"
DAY: Final = date(2026, 4, 1)
SEED: Final = 11
Row = dict[str, Any]
# A visitor, the day of their session, its pages, and whether it converted.
Walk = tuple[str, date, list[str], bool]
Step = tuple[str, str, int, str, str]


def tail() -> list[Walk]:
    """Return one session a page, for more pages than are told; the last by name has two."""
    pages = [f"/{number:02d}" for number in range(PATHS.pages_per_step + 2)]
    return [(f"v{page}", DAY, [page, "/end"], False) for page in pages] + [
        ("again", DAY, [pages[-1], "/end"], False)
    ]


def made() -> list[Walk]:
    """Return 250 sessions over three days: reloads, loops, long ones, and many pages."""
    rng = Random(SEED)
    pages = [f"/{number}" for number in range(40)]
    weights = [40 - number for number in range(40)]
    return [
        (
            f"v{number}",
            DAY + timedelta(days=rng.randrange(3)),
            rng.choices(pages, weights, k=rng.choice((1, 1, 2, 3, 5, 9, 12))),
            rng.random() < 0.2,
        )
        for number in range(250)
    ]


def events_of(site: str, walk: Walk, **columns: Any) -> Iterator[Row]:
    visitor, day, pages, _ = walk
    start = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=9)
    for number, page in enumerate(pages):
        at = start + timedelta(minutes=number)
        yield event(site_id=site, visitor_id=visitor, event_at=at, page_path=page, **columns)


def session_of(site: str, walk: Walk, **columns: Any) -> Row:
    rows = list(events_of(site, walk))
    return live_session(
        site_id=site,
        visitor_id=walk[0],
        session_id=f"{site}/{walk[0]}",
        started_at=rows[0]["event_at"],
        ended_at=rows[-1]["event_at"],
        conversion_count=int(walk[3]),
        **columns,
    )


def visit(lake: Lake, site: str, walks: list[Walk], **columns: Any) -> None:
    """Let the stream tell of sessions; nothing is restated."""
    insert(lake.trino, "sessions_closed", [session_of(site, walk, **columns) for walk in walks])
    insert(
        lake.trino, "events", [row for walk in walks for row in events_of(site, walk, **columns)]
    )


@pytest.fixture(scope="module")
def visited(lake: Lake) -> Lake:
    visit(lake, MADE, made())
    visit(lake, TAIL, tail())
    visit(lake, LONG, [("v", DAY, [f"/{n}" for n in range(PATHS.max_steps + 1)], False)])
    for site, is_left_out in ((BOTS, True), (f"{BOTS}-in", False)):
        add_site(lake.trino, site)
        own = {"mirrored_at": datetime(2026, 2, 1, tzinfo=UTC), "exclude_bots": is_left_out}
        plain = {"site_id": site, "name": site, "timezone": "UTC", "allowed_hosts": ""}
        insert(lake.trino, "sites", [{**plain, **own, "is_deleted": False}])
        visit(lake, site, [("human", DAY, ["/a"], False)])
        visit(lake, site, [("bot", DAY, ["/b"], False)], is_bot=True)
    visit(lake, GONE, [("stays", DAY, ["/a"], False), ("goes", DAY, ["/b"], False)])
    at = datetime(2026, 5, 1, tzinfo=UTC)
    record(lake.trino, 1, Person(GONE, ("goes",)), at, at)
    return lake


def steps(lake: Lake, site: str) -> Counter[Step]:
    """Return how many sessions took each step: day, direction, number, from, to."""
    rows = lake.trino.rows(f"SELECT * FROM lake.analytics.path_steps WHERE site_id = '{site}'")
    names = ("local_date", "direction", "step_number", "from_page", "to_page")
    found = Counter({_step(row, names): row["session_count"] for row in rows})
    assert len(found) == len(rows), "a step stands twice"
    return found


def _step(row: Row, names: Iterable[str]) -> Step:
    day, direction, number, source, target = (row[name] for name in names)
    return str(day), direction, number, source, target


def entries(lake: Lake, site: str) -> dict[str, int]:
    return {
        target: count
        for (_, way, number, _, target), count in steps(lake, site).items()
        if (way, number) == ("forward", 1)
    }


def test_of_equally_many_sessions_the_first_page_by_name_is_told(visited: Lake) -> None:
    found = entries(visited, TAIL)
    told = [f"/{number:02d}" for number in range(PATHS.pages_per_step - 1)]
    last = f"/{PATHS.pages_per_step + 1:02d}"
    assert found == {**dict.fromkeys(told, 1), last: 2, PATHS.other: 2}


def test_the_tail_goes_on_from_where_it_came(visited: Lake) -> None:
    found = steps(visited, TAIL)
    assert found[str(DAY), "forward", 2, PATHS.other, "/end"] == 2
    assert found[str(DAY), "backward", 1, PATHS.exit, "/end"] == PATHS.pages_per_step + 3
    assert found[str(DAY), "backward", 2, "/end", PATHS.other] == 2
    assert found[str(DAY), "backward", 3, PATHS.other, PATHS.entry] == 2


def test_a_session_beyond_the_last_step_drops_off_nowhere(visited: Lake) -> None:
    last = PATHS.max_steps
    found = steps(visited, LONG)
    assert found[str(DAY), "forward", last + 1, f"/{last - 1}", PATHS.more] == 1
    assert found[str(DAY), "backward", last + 1, "/1", PATHS.more] == 1
    assert not [step for step in found if step[2] > 1 and step[4] in (PATHS.exit, PATHS.entry)]


def test_bots_are_left_out_where_the_site_says_so(visited: Lake) -> None:
    assert entries(visited, BOTS) == {"/a": 1}
    assert entries(visited, f"{BOTS}-in") == {"/a": 1, "/b": 1}


def test_an_erased_visitor_walked_nowhere(visited: Lake) -> None:
    assert entries(visited, GONE) == {"/a": 1}


def walked(walk: Walk) -> Iterator[Step]:
    """Return a session's steps with whole names."""
    _, day, pages, _ = walk
    pages = [page for page, _ in groupby(pages)]
    ways = (
        ("forward", pages, PATHS.entry, PATHS.exit),
        ("backward", pages[::-1], PATHS.exit, PATHS.entry),
    )
    for way, ordered, start, ending in ways:
        kept = ordered[: PATHS.max_steps]
        stops = [start, *kept, ending if len(kept) == len(ordered) else PATHS.more]
        for number in range(1, len(stops)):
            yield str(day), way, number, stops[number - 1], stops[number]


def expected(walks: Iterable[Walk]) -> Counter[Step]:
    """Count the steps, then give each page of a step its name or that of the tail."""
    whole = Counter(step for walk in walks for step in walked(walk))
    coming: dict[tuple[str, str, int], Counter[str]] = {}
    for (day, way, number, _, target), count in whole.items():
        if target not in PATHS.names:
            coming.setdefault((day, way, number), Counter())[target] += count

    def told(day: str, way: str, number: int, page: str) -> str:
        if page in PATHS.names:
            return page
        counts = coming[day, way, number]
        best = sorted(counts, key=lambda page: (-counts[page], page))[: PATHS.pages_per_step]
        return page if page in best else PATHS.other

    found: Counter[Step] = Counter()
    for (day, way, number, source, target), count in whole.items():
        source, target = told(day, way, number - 1, source), told(day, way, number, target)
        found[day, way, number, source, target] += count
    return found


def test_every_step_is_what_sessions_did(visited: Lake) -> None:
    found, wanted = steps(visited, MADE), expected(made())
    assert PATHS.other in {step[4] for step in wanted}
    assert PATHS.more in {step[4] for step in wanted}
    assert found == wanted


def test_whoever_comes_to_a_page_goes_on_or_drops_off(visited: Lake) -> None:
    coming: Counter[tuple[str, str, int, str]] = Counter()
    leaving: Counter[tuple[str, str, int, str]] = Counter()
    for (day, way, number, source, target), count in steps(visited, MADE).items():
        leaving[day, way, number - 1, source] += count
        coming[day, way, number, target] += count
    ends = (PATHS.entry, PATHS.exit, PATHS.more)
    assert {key: n for key, n in coming.items() if key[3] not in ends} == {
        key: n for key, n in leaving.items() if key[2] > 0
    }
    begun = Counter(str(day) for _, day, _, _ in made())
    for way, start in (("forward", PATHS.entry), ("backward", PATHS.exit)):
        assert {day: leaving[day, way, 0, start] for day in begun} == begun
        ended = Counter({day: 0 for day in begun})
        for (day, of, _, end), count in coming.items():
            ended[day] += count * (of == way and end in ends)
        assert ended == begun


def test_as_many_sessions_reach_a_step_as_have_so_many_pages(visited: Lake) -> None:
    found = steps(visited, MADE)
    for number in range(1, PATHS.max_steps + 1):
        reached = sum(len(list(groupby(pages))) >= number for _, _, pages, _ in made())
        for way in ("forward", "backward"):
            came = sum(
                count
                for (_, of, at, _, target), count in found.items()
                if (of, at) == (way, number) and target not in (PATHS.entry, PATHS.exit)
            )
            assert came == reached


def test_converted_sessions_are_those_that_converted(visited: Lake) -> None:
    (row,) = visited.trino.rows(
        "SELECT sum(converted_session_count) AS n FROM lake.analytics.path_steps"
        f" WHERE site_id = '{MADE}' AND step_number = 1 AND direction = 'forward'"
    )
    assert row["n"] == sum(walk[3] for walk in made())


def asked(lake_home: Stack, site: str, *, exclude_bots: bool = False, **chosen: Any) -> Paths:
    """Ask the API's question of Trino; of all days and pages unless said."""
    lake, now = TrinoLake(lake_home.url("trino")), datetime(2026, 4, 3, 12, tzinfo=UTC).timestamp()
    view = PathsView(lake, Cache(), Freshness(lake), lambda: now)
    plain: Row = {"first": DAY, "last": DAY + timedelta(days=2), "direction": "forward"}
    plain |= {"page": None, "steps": PATHS.max_steps, "pages": PATHS.pages_per_step}
    ask = PathsAsk(**{**plain, "channel": None, "device": None, **chosen})
    return asyncio.run(view.of(SiteScope(site, "UTC", exclude_bots), ask))


def links(paths: Paths) -> Counter[Step]:
    return Counter(
        {
            (str(DAY), paths.direction, link.step, link.from_page or "", link.to_page): (
                link.sessions
            )
            for link in paths.links
        }
    )


@pytest.mark.usefixtures("visited")
@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_the_api_tells_the_tail_of_the_whole_range(lake_home: Stack, direction: str) -> None:
    wanted = expected((v, DAY, pages, converts) for v, _, pages, converts in made())
    found = asked(lake_home, MADE, direction=direction)
    assert links(found) == Counter({s: n for s, n in wanted.items() if s[1] == direction})
    for step, other in pairwise(found.steps):
        beyond = sum(n for s, n in links(found).items() if s[2] == other.step and s[4] == "(more)")
        assert step.sessions == step.drop_offs + other.sessions + beyond
    assert found.meta.provisional
    assert found.meta.source == ["analytics.session_pages"]


@pytest.mark.usefixtures("visited")
def test_walks_begin_at_a_page_or_end_there(lake_home: Stack) -> None:
    walks = [(v, DAY, [p for p, _ in groupby(pages)], c) for v, _, pages, c in made()]
    onwards = [(v, d, p[p.index("/0") :], c) for v, d, p, c in walks if "/0" in p]
    back = [(v, d, p[: len(p) - p[::-1].index("/0")], c) for v, d, p, c in walks if "/0" in p]
    for way, cut, start in (("forward", onwards, PATHS.entry), ("backward", back, PATHS.exit)):
        wanted = Counter(
            {
                (day, of, number, "" if source == start and number == 1 else source, target): n
                for (day, of, number, source, target), n in expected(cut).items()
                if of == way
            }
        )
        assert links(asked(lake_home, MADE, direction=way, page="/0")) == wanted


@pytest.mark.usefixtures("visited")
def test_what_is_left_out_of_an_answer(lake_home: Stack) -> None:
    assert [link.sessions for link in asked(lake_home, f"{BOTS}-in", steps=1).links] == [1, 1, 1, 1]
    without = asked(lake_home, f"{BOTS}-in", exclude_bots=True)
    assert [link.to_page for link in without.links] == ["/a", PATHS.exit]
    assert asked(lake_home, MADE, device="mobile").links == []
    assert asked(lake_home, MADE, channel="Email").links == []
    everything = asked(lake_home, MADE, device="desktop", channel="Direct", steps=1)
    assert everything.steps[0].sessions == len(made())
    one_day = asked(lake_home, MADE, last=DAY, steps=1)
    assert one_day.steps[0].sessions == sum(day == DAY for _, day, _, _ in made())
    hostile = asked(lake_home, MADE, page="' OR 1 = 1 --")
    assert (hostile.links, hostile.steps) == ([], [])
