"""The API against the real Trino: its answers equal a computation over the same rows by hand."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import HealthCheck, given, settings

from serving.errors import QueryError
from serving.query.schemas import Question
from tests.integration import lake_rows
from tests.integration.lake_rows import Row, Seed
from tests.integration.stack import Stack, TestSite
from tests.property.questions import sensible
from tests.property.test_compiler import statements

ZONE = "Europe/Berlin"
DAYS = [date(2026, 10, day) for day in range(22, 29)]  # Sunday the 25th has 25 hours
RANGE = ["2026-10-23", "2026-10-27"]


@dataclass(frozen=True)
class World:
    """A site with known rows in the lake, and a client that may ask about it."""

    site: TestSite
    seed: Seed
    client: httpx.Client

    def ask(self, **question: Any) -> dict[str, Any]:
        asked = {"site": self.site.site_id, "date_range": RANGE} | question
        response = self.client.post("/api/v1/query", json=asked)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    def rows(self, **question: Any) -> dict[Any, list[Any]]:
        found = self.ask(**question)["rows"]
        return {tuple(row["dimensions"]): row["metrics"] for row in found}


@pytest.fixture(scope="module")
def world(stack: Stack) -> World:
    name = f"api-{uuid.uuid4().hex[:8]}"
    site = stack.make_site(name, timezone=ZONE)
    seed = lake_rows.make(name, ZONE, DAYS, 300, Random(1))
    lake_rows.put(stack, seed)
    client = httpx.Client(
        base_url=stack.url("serving"),
        headers={"Authorization": f"Bearer {site.api_key}"},
        timeout=120,
    )
    return World(site, seed, client)


def in_range(row: Row, column: str) -> bool:
    at: datetime = row[column]
    day = at.astimezone(ZoneInfo(ZONE)).date()
    return date(2026, 10, 23) <= day <= date(2026, 10, 27)


def events(world: World, keep: Callable[[Row], bool] = lambda _: True) -> list[Row]:
    return [row for row in world.seed.events if in_range(row, "event_at") and keep(row)]


def sessions(world: World, keep: Callable[[Row], bool] = lambda _: True) -> list[Row]:
    return [row for row in world.seed.sessions if in_range(row, "started_at") and keep(row)]


def visitors(rows: list[Row]) -> int:
    return len({row["visitor_id"] for row in rows})


def views(rows: list[Row]) -> int:
    return sum(row["event_name"] == "page_view" for row in rows)


def test_totals(world: World) -> None:
    seen, begun = events(world), sessions(world)
    names = ["visitors", "page_views", "events", "conversions", "sessions", "bounce_rate",
             "session_duration", "views_per_session", "revenue"]  # fmt: skip
    *found, revenue = world.ask(metrics=names)["totals"]["metrics"]
    assert found == [
        visitors(seen),
        views(seen),
        len(seen),
        sum(row["is_conversion"] for row in seen),
        len(begun),
        pytest.approx(sum(row["is_bounce"] for row in begun) / len(begun)),
        pytest.approx(sum(row["duration_ms"] for row in begun) / len(begun)),
        pytest.approx(sum(row["page_view_count"] for row in begun) / len(begun)),
    ]
    assert f"{revenue:.2f}" == f"{sum(row['revenue_usd_amount'] or 0 for row in seen):.2f}"


@pytest.mark.parametrize("zone", [ZONE, "UTC", "Asia/Kathmandu", "America/St_Johns"])
def test_hours_in_any_zone(world: World, zone: str) -> None:
    found = world.rows(metrics=["events"], dimensions=["time:hour"], timezone=zone)
    tz = ZoneInfo(zone)
    days = [date(2026, 10, day) for day in range(23, 28)]
    expected: dict[str, int] = {}
    for row in world.seed.events:
        local = row["event_at"].astimezone(tz)
        if local.date() in days:
            hour = local.replace(minute=0, second=0, microsecond=0).isoformat()
            expected[hour] = expected.get(hour, 0) + 1
    assert {key[0]: values[0] for key, values in found.items() if values[0]} == expected
    assert len(found) == 5 * 24 + (zone == ZONE)


@pytest.mark.parametrize("unit", ["day", "week", "month"])
def test_days_weeks_and_months(world: World, unit: str) -> None:
    found = world.rows(metrics=["visitors", "sessions"], dimensions=[f"time:{unit}"])

    def bucket(at: datetime) -> str:
        day = at.astimezone(ZoneInfo(ZONE)).date()
        monday = day - timedelta(days=day.weekday())
        return str({"day": day, "week": monday, "month": day.replace(day=1)}[unit])

    for (shown,), (people, begun) in found.items():
        assert people == visitors(events(world, lambda row: bucket(row["event_at"]) == shown))  # noqa: B023
        assert begun == len(sessions(world, lambda row: bucket(row["started_at"]) == shown))  # noqa: B023


def grouped(rows: list[Row], column: str) -> dict[Any, list[Row]]:
    values = {row[column] for row in rows}
    return {value: [row for row in rows if row[column] == value] for value in values}


def test_pages(world: World) -> None:
    found = world.rows(metrics=["visitors", "page_views"], dimensions=["page"])
    by_page = grouped(events(world, lambda row: row["page_path"] is not None), "page_path")
    assert found == {(page,): [visitors(rows), views(rows)] for page, rows in by_page.items()}


@pytest.mark.parametrize("name", ["source", "country", "entry_page", "exit_page", "browser"])
def test_properties_of_sessions(world: World, name: str) -> None:
    found = world.rows(metrics=["visitors", "sessions", "page_views"], dimensions=[name])
    assert found == {
        (value,): [visitors(rows), len(rows), sum(row["page_view_count"] for row in rows)]
        for value, rows in grouped(sessions(world), name).items()
    }


def of_session(world: World, event: Row) -> Row:
    return next(
        session
        for session in world.seed.sessions
        if session["visitor_id"] == event["visitor_id"]
        and session["started_at"] <= event["event_at"] <= session["ended_at"]
    )


def test_pages_of_sessions_from_a_source(world: World) -> None:
    found = world.rows(
        metrics=["page_views"], dimensions=["page"], filters=[["is", "source", ["google"]]]
    )
    seen = events(
        world,
        lambda row: row["page_path"] is not None and of_session(world, row)["source"] == "google",
    )
    assert found == {(page,): [views(rows)] for page, rows in grouped(seen, "page_path").items()}


def test_sources_of_sessions_that_saw_a_page(world: World) -> None:
    found = world.rows(
        metrics=["sessions"], dimensions=["source"], filters=[["is", "page", ["/it's"]]]
    )
    seen = {
        of_session(world, row)["session_id"]
        for row in world.seed.events
        if row["page_path"] == "/it's"
    }
    begun = sessions(world, lambda row: row["session_id"] in seen)
    assert found == {(source,): [len(rows)] for source, rows in grouped(begun, "source").items()}


@pytest.mark.parametrize(
    ("filters", "keep"),
    [
        ([["is", "country", ["DE", None]]], lambda s: s["country"] in ("DE", None)),
        ([["is_not", "country", ["DE"]]], lambda s: s["country"] != "DE"),
        ([["is_not", "country", [None]]], lambda s: s["country"] is not None),
        ([["contains", "source", ["GOOG", "news"]]], lambda s: s["source"] != "direct"),
        ([["contains_not", "browser", ["fire"]]], lambda s: s["browser"] != "Firefox"),
        ([["matches", "source", ["^(d|n)"]]], lambda s: s["source"] != "google"),
        ([["not", ["matches", "browser", ["o"]]]], lambda s: s["browser"] is None),
        ([["or", [["is", "country", ["FR"]], ["is", "source", ["direct"]]]]],
         lambda s: s["country"] == "FR" or s["source"] == "direct"),
        ([["is", "country", ["FR"]], ["is", "source", ["direct"]]],
         lambda s: s["country"] == "FR" and s["source"] == "direct"),
    ],
)  # fmt: skip
def test_filters_on_sessions(world: World, filters: list[Any], keep: Callable[[Row], bool]) -> None:
    found = world.ask(metrics=["sessions", "visitors"], filters=filters)["totals"]["metrics"]
    begun = sessions(world, keep)
    assert found == [len(begun), visitors(begun)]


def test_what_visitors_have_done(world: World) -> None:
    done = ["is", "event_name", ["sign_up"]]
    signed_up = {row["visitor_id"] for row in events(world) if row["event_name"] == "sign_up"}
    for op, is_in in (("has_done", True), ("has_not_done", False)):
        found = world.ask(metrics=["events", "sessions"], filters=[[op, done]])["totals"]["metrics"]

        def keep(row: Row, is_in: bool = is_in) -> bool:
            return (row["visitor_id"] in signed_up) == is_in

        assert found == [len(events(world, keep)), len(sessions(world, keep))]


def test_pages_of_a_breakdown_follow_each_other(world: World) -> None:
    question = {"metrics": ["visitors"], "dimensions": ["page", "event_name"]}
    whole = world.ask(**question)
    paged: list[Any] = []
    cursor = None
    while True:
        page = world.ask(**question, limit=2, cursor=cursor)
        paged += page["rows"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert paged == whole["rows"]
    assert whole["next_cursor"] is None


def test_metric_filters_and_order(world: World) -> None:
    found = world.ask(
        metrics=["page_views", "visitors"], dimensions=["page"],
        filters=[["greater", "page_views", [1]]], order_by=[["visitors", "asc"]],
    )  # fmt: skip
    numbers = [row["metrics"] for row in found["rows"]]
    assert all(row[0] > 1 for row in numbers)
    assert [row[1] for row in numbers] == sorted(row[1] for row in numbers)


def test_the_period_before(world: World) -> None:
    asked = {"metrics": ["events"], "date_range": ["2026-10-26", "2026-10-27"]}
    found = world.ask(**asked, compare="previous_period", dimensions=["time:day"])
    before = world.rows(metrics=["events"], date_range=["2026-10-24", "2026-10-25"],
                        dimensions=["time:day"])  # fmt: skip
    assert [row["comparison"]["dimensions"] for row in found["rows"]] == [
        ["2026-10-24"], ["2026-10-25"],
    ]  # fmt: skip
    assert [row["comparison"]["metrics"] for row in found["rows"]] == list(before.values())


def test_a_site_that_excludes_bots_counts_none(stack: Stack, world: World) -> None:
    name = f"bots-{uuid.uuid4().hex[:8]}"
    site = stack.make_site(name, timezone=ZONE, exclude_bots=True)
    seed = lake_rows.make(name, ZONE, DAYS, 40, Random(2))
    lake_rows.put(stack, seed)
    headers = {"Authorization": f"Bearer {site.api_key}"}
    asked = {"site": name, "metrics": ["events", "sessions"], "date_range": RANGE}
    found = world.client.post("/api/v1/query", json=asked, headers=headers).json()
    people = World(site, seed, world.client)
    kept = [
        events(people, lambda row: not row["is_bot"]),
        sessions(people, lambda row: not row["is_bot"]),
    ]
    assert found["totals"]["metrics"] == [len(rows) for rows in kept]


def test_rows_of_another_site_are_never_seen(stack: Stack, world: World) -> None:
    other = stack.make_site(f"empty-{uuid.uuid4().hex[:8]}")
    headers = {"Authorization": f"Bearer {other.api_key}"}
    asked = {"site": other.site_id, "metrics": ["events", "sessions"], "date_range": RANGE}
    found = world.client.post("/api/v1/query", json=asked, headers=headers).json()
    assert found["totals"]["metrics"] == [0, 0]
    foreign = asked | {"site": world.site.site_id}
    assert world.client.post("/api/v1/query", json=foreign, headers=headers).status_code == 403


def test_a_revoked_key_stops_working(stack: Stack, world: World) -> None:
    from serving.control import keys

    site = stack.make_site(f"gone-{uuid.uuid4().hex[:8]}")
    headers = {"Authorization": f"Bearer {site.api_key}"}
    assert world.client.get("/api/v1/sites", headers=headers).status_code == 200
    with stack.postgres() as conn:
        found = keys.find_key(conn, site.api_key)
        assert found is not None
        keys.revoke_key(conn, found.key_id)
    stack.wait_until(
        "the key is refused",
        lambda: world.client.get("/api/v1/sites", headers=headers).status_code == 401,
        seconds=20,
    )


def test_a_link_signs_in_once(stack: Stack) -> None:
    from serving.control import links

    with stack.postgres() as conn:
        token = links.create_sign_in_link(conn)
    with httpx.Client(base_url=stack.url("serving"), timeout=30) as browser:
        first = browser.get(f"/sign-in?token={token}&site=a%2Fb&p=7d")
        assert first.status_code == 303
        assert first.headers["location"] == "/?site=a%2Fb&p=7d"
        cookie = first.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert browser.get("/api/v1/sites").status_code == 200
    with httpx.Client(base_url=stack.url("serving"), timeout=30) as thief:
        assert thief.get(f"/sign-in?token={token}").status_code == 403
        assert thief.get("/api/v1/sites").status_code == 401


def test_restatements_are_queued_and_followed(world: World) -> None:
    asked = {"site": world.site.site_id, "dates": ["2026-10-25"]}
    made = world.client.post("/api/v1/restatements", json=asked)
    assert made.status_code == 202
    number = made.json()["restatement_id"]
    found = world.client.get(f"/api/v1/restatements/{number}").json()
    assert found["dates"] == ["2026-10-25"]
    assert found["status"] in ("queued", "running", "done", "failed")


def test_a_pattern_that_is_none_is_the_askers_fault(world: World) -> None:
    asked = {"site": world.site.site_id, "metrics": ["sessions"], "date_range": RANGE,
             "filters": [["matches", "source", ["(("]]]}  # fmt: skip
    response = world.client.post("/api/v1/query", json=asked)
    assert response.status_code == 422, response.text
    assert response.json()["errors"][0]["loc"] == ["filters"]


@pytest.mark.slow
def test_every_question_is_sql_that_trino_understands(stack: Stack) -> None:
    @given(sensible())
    @settings(max_examples=60, deadline=None, derandomize=True,
              suppress_health_check=[HealthCheck.too_slow])  # fmt: skip
    def explain(question: Question) -> None:
        try:
            found = statements(question)
        except QueryError:
            return
        for statement in found:
            text = statement.sql.text.replace("analytics.", "lake.analytics.")
            for param in statement.sql.params:
                text = text.replace("?", _literal(param), 1)
            assert stack.sql(f"EXPLAIN (TYPE VALIDATE) {text}", user="reader") == [(True,)]

    def _literal(param: Any) -> str:
        return "'x'" if isinstance(param, str) and "?" in param else lake_rows.literal(param)

    explain()


def test_now_is_seen_by_realtime(stack: Stack, world: World) -> None:
    name = f"now-{uuid.uuid4().hex[:8]}"
    site = stack.make_site(name)
    seed = Seed(name, [], [])
    made = lake_rows.make(name, "UTC", [date(2026, 1, 1)], 2, Random(3)).events[0]
    at = datetime.now(UTC) - timedelta(minutes=2)
    seed.events.append(made | {"event_at": at, "event_name": "page_view", "page_path": "/"})
    lake_rows.put_events(stack, seed)
    headers = {"Authorization": f"Bearer {site.api_key}"}
    found = world.client.get(f"/api/v1/sites/{name}/realtime", headers=headers).json()
    assert [window["visitors"] for window in found["windows"]] == [1, 1]
    assert found["pages"] == [{"value": "/", "visitors": 1, "page_views": 1}]
    assert [one["value"] for one in found["sources"]] == ["of the event"]
    assert sum(minute["page_views"] for minute in found["by_minute"]) == 1
