"""Answers broken down by two and three dimensions, asked of Trino."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from pipelines.batch.restate import Lake
from serving.query.schemas import Answer
from serving.scope import SiteScope
from tests.integration import lake_rows
from tests.integration.lake_rows import Seed
from tests.integration.stack import Stack
from tests.sql.asked import Did, Row, Told, ask_all, told, visit
from tests.sql.rows import RUN

SITE: Final = SiteScope(f"{RUN}-broken-down", "Europe/Berlin", exclude_bots=False)
MADE: Final = SiteScope(f"{RUN}-broken-made", "Europe/Berlin", exclude_bots=False)
ZONE: Final = ZoneInfo("Europe/Berlin")
RANGE: Final = ["2026-10-24", "2026-10-25"]  # the second has 25 hours
DAYS: Final = [date(2026, 10, day) for day in range(22, 27)]
VIEW: Final[Did] = ("page_view", "/", None)
PRICING: Final[Did] = ("page_view", "/pricing", None)


def signs_up(plan: str, page: str | None = "/") -> Did:
    return ("sign_up", page, {"plan": plan})


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 10, day, hour, minute, tzinfo=UTC)


def visits() -> Iterator[tuple[str, datetime, list[Did], Row]]:
    google, news = {"source": "google"}, {"source": "news"}
    german, french = {"country": "DE"}, {"country": "FR"}
    yield "ann", at(22, 10), [VIEW], google | german
    yield "eve", at(23, 10), [VIEW], google
    yield "ann", at(24, 10), [VIEW, PRICING, signs_up("pro", "/pricing")], google | german
    yield "bob", at(24, 12), [VIEW, signs_up("free")], google | french
    yield "ann", at(25, 10), [VIEW], news | german
    yield "cid", at(25, 12), [PRICING, signs_up("pro", None)], google
    # 02:30 comes twice on the 25th: a visit in each.
    yield "dee", at(25, 0, 30), [("ping", "/dst", None)], news | french
    yield "dee", at(25, 1, 30), [("ping", "/dst", None)] * 2, news | french


@pytest.fixture(scope="module")
def visited(lake: Lake) -> Lake:
    made = [visit(SITE.site_id, who, when, did, **own) for who, when, did, own in visits()]
    seed = seeded()
    lake.append("events", [row for events, _ in made for row in events] + seed.events)
    lake.append("sessions_closed", [session for _, session in made] + seed.sessions)
    return lake


def asked(home: Stack, **question: Any) -> Answer:
    (answer,) = ask_all(home, SITE, [{"date_range": RANGE, **question}])
    return answer


BY_DAY: Final = {
    "metrics": ["visitors", "sessions", "page_views"],
    "dimensions": ["time:day", "source", "country"],
}
BY_DAY_ROWS: Final[Told] = [
    (["2026-10-24", "google", "DE"], [1, 1, 2]),
    (["2026-10-24", "google", "FR"], [1, 1, 1]),
    (["2026-10-25", "google", None], [1, 1, 1]),
    (["2026-10-25", "news", "DE"], [1, 1, 1]),
    (["2026-10-25", "news", "FR"], [1, 2, 0]),
]


@pytest.mark.usefixtures("visited")
def test_time_and_two_properties_of_sessions(lake_home: Stack) -> None:
    """Rows run by time, then by name; a combination without anything is no row."""
    answer = asked(lake_home, **BY_DAY)
    assert told(answer) == BY_DAY_ROWS
    assert answer.totals is not None
    assert answer.totals.metrics == [4, 6, 5]
    assert answer.next_cursor is None


@pytest.mark.usefixtures("visited")
def test_each_row_beside_that_of_the_same_day_before(lake_home: Stack) -> None:
    answer = asked(lake_home, **BY_DAY, compare="previous_period")
    assert told(answer) == BY_DAY_ROWS
    beside = [row.comparison for row in answer.rows]
    assert [one and (one.dimensions, one.metrics, one.change) for one in beside] == [
        (["2026-10-22", "google", "DE"], [1, 1, 1], [0, 0, 1]),
        (["2026-10-22", "google", "FR"], [0, 0, 0], [None, None, None]),
        (["2026-10-23", "google", None], [1, 1, 1], [0, 0, 0]),
        (["2026-10-23", "news", "DE"], [0, 0, 0], [None, None, None]),
        (["2026-10-23", "news", "FR"], [0, 0, 0], [None, None, None]),
    ]
    assert answer.totals is not None
    assert answer.totals.comparison is not None
    assert answer.totals.comparison.metrics == [2, 2, 2]


@pytest.mark.usefixtures("visited")
def test_three_properties_of_an_event(lake_home: Stack) -> None:
    """An event without a page, or without the property, is in the totals and in no row."""
    answer = asked(
        lake_home,
        metrics=["events", "visitors"],
        dimensions=["page", "event_name", "property:plan"],
    )
    assert told(answer) == [
        (["/", "sign_up", "free"], [1, 1]),
        (["/pricing", "sign_up", "pro"], [1, 1]),
    ]
    assert answer.totals is not None
    assert answer.totals.metrics == [11, 4]


@pytest.mark.usefixtures("visited")
def test_an_event_its_session_and_time(lake_home: Stack) -> None:
    question = {
        "metrics": ["events", "visitors"],
        "dimensions": ["property:plan", "source", "time:day"],
    }
    rows: Told = [
        (["free", "google", "2026-10-24"], [1, 1]),
        (["pro", "google", "2026-10-24"], [1, 1]),
        (["pro", "google", "2026-10-25"], [1, 1]),
    ]
    assert told(asked(lake_home, **question)) == rows
    order = [["property:plan", "desc"], ["time:day", "desc"]]
    assert told(asked(lake_home, **question, order_by=order)) == rows[::-1]


@pytest.mark.usefixtures("visited")
def test_metrics_of_two_views_in_one_row(lake_home: Stack) -> None:
    question: Row = {
        "metrics": ["page_views", "sessions", "bounce_rate"],
        "dimensions": ["source", "time:day", "country"],
        "filters": [["is", "page", ["/pricing", "/dst"]]],
    }
    answer = asked(lake_home, **question)
    assert told(answer) == [
        (["google", "2026-10-24", "DE"], [1, 1, 0]),
        (["google", "2026-10-25", None], [1, 1, 0]),
        (["news", "2026-10-25", "FR"], [0, 2, 0.5]),
    ]
    assert answer.meta.source == ["analytics.events", "analytics.sessions"]
    question["filters"].append(["less", "bounce_rate", [0.2]])
    assert told(asked(lake_home, **question)) == told(answer)[:2]


@pytest.mark.usefixtures("visited")
def test_the_two_hours_that_autumn_repeats_are_two(lake_home: Stack) -> None:
    answer = asked(
        lake_home,
        metrics=["events"],
        dimensions=["time:hour", "page", "country"],
        filters=[["is", "event_name", ["ping"]]],
    )
    assert told(answer) == [
        (["2026-10-25T02:00:00+02:00", "/dst", "FR"], [1]),
        (["2026-10-25T02:00:00+01:00", "/dst", "FR"], [2]),
    ]


PAGED: Final[list[Row]] = [
    BY_DAY,
    {**BY_DAY, "compare": "previous_period"},
    {**BY_DAY, "order_by": [["page_views", "asc"]]},
    {"metrics": ["events"], "dimensions": ["event_name", "page", "country"]},
    {**BY_DAY, "filters": [["is", "page", ["/", "/dst"]]], "order_by": [["country", "desc"]]},
]


@pytest.mark.usefixtures("visited")
@pytest.mark.parametrize("question", PAGED)
def test_pages_are_the_whole_in_pieces(lake_home: Stack, question: Row) -> None:
    whole, pages = asked(lake_home, **question), list(paged(lake_home, question))
    assert len(whole.rows) > 3
    assert [len(page.rows) for page in pages[:-1]] == [2] * (len(pages) - 1)
    assert [row for page in pages for row in page.rows] == whole.rows
    assert all(page.totals == whole.totals for page in pages)


def paged(home: Stack, question: Row) -> Iterator[Answer]:
    page = asked(home, **question, limit=2)
    yield page
    while page.next_cursor:
        page = asked(home, **question, limit=2, cursor=page.next_cursor)
        yield page


def seeded() -> Seed:
    return lake_rows.make(MADE.site_id, MADE.timezone, DAYS, 150, Random(7))


BUCKETS: Final[dict[str, Callable[[datetime], Any]]] = {
    "time:day": lambda when: str(when.date()),
    "time:hour": lambda when: when.replace(minute=0, second=0, microsecond=0),
}
OF_EVENTS: Final = {"page": "page_path", "event_name": "event_name"}


def counted(question: Row) -> dict[tuple[Any, ...], list[Any]]:
    """Count in plain Python what a question asks of the made-up rows."""
    seed, names = seeded(), question["dimensions"]
    if not OF_EVENTS.keys() & set(names):
        rows = [(row, row, row["started_at"]) for row in seed.sessions]
    else:
        rows = [(row, session_of(seed, row), row["event_at"]) for row in seed.events]
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row, session, when in rows:
        local = when.astimezone(ZONE)
        key = tuple(value(name, row, session, local) for name in names)
        if str(local.date()) in RANGE and None not in [
            one for name, one in zip(names, key, strict=True) if name == "page"
        ]:
            groups.setdefault(key, []).append(row)
    return {
        key: [figure(name, found) for name in question["metrics"]] for key, found in groups.items()
    }


def session_of(seed: Seed, row: Row) -> Row:
    return next(
        one
        for one in seed.sessions
        if one["visitor_id"] == row["visitor_id"]
        and one["started_at"] <= row["event_at"] <= one["ended_at"]
    )


def value(name: str, row: Row, session: Row, local: datetime) -> Any:
    if name in BUCKETS:
        bucket = BUCKETS[name](local)
        return bucket.isoformat() if isinstance(bucket, datetime) else bucket
    return row[OF_EVENTS[name]] if name in OF_EVENTS else session[name]


def figure(name: str, rows: list[Row]) -> Any:
    figures: dict[str, Callable[[], Any]] = {
        "visitors": lambda: len({row["visitor_id"] for row in rows}),
        "events": lambda: len(rows),
        "sessions": lambda: len(rows),
        "bounce_rate": lambda: sum(row["is_bounce"] for row in rows) / len(rows),
    }
    return figures[name]()


MADE_UP: Final[list[Row]] = [
    {"metrics": ["visitors", "sessions", "bounce_rate"], "dimensions": names}
    for names in (
        ["source", "country", "browser"],
        ["time:day", "source", "entry_page"],
        ["country", "time:hour"],
        ["exit_page", "entry_page", "time:day"],
    )
] + [
    {"metrics": ["events", "visitors"], "dimensions": names}
    for names in (
        ["page", "event_name", "source"],
        ["time:day", "page", "country"],
        ["event_name", "time:hour", "browser"],
        ["event_name", "page"],
    )
]


@pytest.mark.usefixtures("visited")
def test_made_up_visits_are_counted_as_by_hand(lake_home: Stack) -> None:
    asking = [{"date_range": RANGE, "limit": 5_000, **question} for question in MADE_UP]
    for question, answer in zip(MADE_UP, ask_all(lake_home, MADE, asking), strict=True):
        found = {tuple(row.dimensions): row.metrics for row in answer.rows}
        assert len(found) == len(answer.rows) > 5
        assert found == counted(question), question["dimensions"]
