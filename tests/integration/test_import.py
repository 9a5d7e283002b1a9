"""A real site's log goes in at the edge; API, SQL and daily totals say what the log says."""

import os
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest

from tests.integration.commands import ask_api, rows_of
from tests.integration.stack import Stack

LOG: Final = Path(__file__).parents[3] / "shared" / "data" / "access.log"
SITE: Final = "access-log"
PAGE_VIEWS: Final = 3_617  # of 10,000 lines
pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Day:
    """The three numbers of one day."""

    page_views: int
    visitors: int
    sessions: int


@pytest.fixture(scope="module")
def log() -> Path:
    if not LOG.exists():
        assert not os.environ.get("CI"), f"CI must have {LOG}"
        pytest.skip(f"{LOG} is not on this machine: it is a real site's log and not published")
    return LOG


@pytest.fixture(scope="module")
def imported(stack: Stack, log: Path) -> str:
    """Import the log once into a fresh site; give what the command wrote to stderr."""
    stack.headwater("sites", "create", SITE, "--timezone", "UTC", "--retention", "keep")
    return import_log(stack, log)


def import_log(stack: Stack, log: Path) -> str:
    words = ("import", "access-log", str(log), "--site", SITE)
    return stack.headwater(*words, timeout=500).stderr


@pytest.fixture(scope="module")
def expected(log: Path) -> dict[date, Day]:
    return days_of(page_views_of(log))


def page_views_of(log: Path) -> list[tuple[datetime, tuple[str, str]]]:
    """Read page views (time, visitor) in a few lines that share nothing with the importer."""
    views = []
    for text in log.read_bytes().decode("utf-8", "replace").split("\n"):
        parts = text.split('"')
        if len(parts) != 7:
            continue
        method, target, _ = parts[1].split()
        status = parts[2].split()[0]
        name = target.split("?")[0].split("#")[0].split("/")[-1]
        is_page = "." not in name or name.endswith((".html", ".htm", ".php"))
        if method == "GET" and status in ("200", "304") and is_page:
            at = datetime.strptime(text.split("[")[1].split("]")[0], "%d/%b/%Y:%H:%M:%S %z")
            views.append((at, (text.split()[0], parts[5])))
    return views


def days_of(views: list[tuple[datetime, tuple[str, str]]]) -> dict[date, Day]:
    """Count per UTC day; a session belongs to the day of its first page view."""
    by_visitor = defaultdict(list)
    for at, visitor in sorted(views):
        by_visitor[visitor].append(at)
    starts = [times[0] for times in by_visitor.values()]
    for times in by_visitor.values():
        starts += [b for a, b in pairwise(times) if b - a > timedelta(minutes=30)]
    page_views = Counter(at.date() for at, _ in views)
    visitors = Counter(day for day, _ in {(at.date(), visitor) for at, visitor in views})
    sessions = Counter(start.date() for start in starts)
    return {day: Day(page_views[day], visitors[day], sessions[day]) for day in sorted(page_views)}


def by_day(rows: list[dict[str, Any]]) -> dict[date, Day]:
    return {
        date.fromisoformat(row["day"]): Day(
            int(row["page_views"]), int(row["visitors"]), int(row["sessions"])
        )
        for row in rows
    }


def from_views(stack: Stack) -> dict[date, Day]:
    return by_day(
        rows_of(
            stack,
            f"""
            WITH events AS (
                SELECT event_date, count(*) AS page_views, count(DISTINCT visitor_id) AS visitors
                FROM analytics.events WHERE site_id = '{SITE}' GROUP BY event_date
            ), sessions AS (
                SELECT started_date, count(*) AS sessions, count(DISTINCT session_id) AS ids
                FROM analytics.sessions WHERE site_id = '{SITE}' GROUP BY started_date
            )
            SELECT event_date AS day, page_views, visitors, IF(ids = sessions, ids) AS sessions
            FROM events JOIN sessions ON started_date = event_date
            """,
        )
    )


def from_daily_site(stack: Stack) -> dict[date, Day]:
    return by_day(
        rows_of(
            stack,
            "SELECT local_date AS day, page_view_count AS page_views,"
            " visitor_count AS visitors, session_count AS sessions"
            f" FROM analytics.daily_site WHERE site_id = '{SITE}'",
        )
    )


def from_api(stack: Stack, days: list[date]) -> dict[date, Day]:
    words = ("keys", "create", "--site", SITE, "--kind", "api")
    key = stack.headwater(*words).stdout.strip()
    question = {
        "site": SITE,
        "metrics": ["page_views", "visitors", "sessions"],
        "dimensions": ["time:day"],
        "date_range": [days[0].isoformat(), days[-1].isoformat()],
    }
    answer = ask_api(stack, key, question)
    assert answer["meta"]["provisional"] is False
    return {
        date.fromisoformat(row["dimensions"][0]): Day(*map(int, row["metrics"]))
        for row in answer["rows"]
    }


def test_the_log_holds_what_we_think(expected: dict[date, Day]) -> None:
    """Numbers of this very file, so that the independent lines are themselves held."""
    assert list(expected) == [date(2015, 5, day) for day in (17, 18, 19, 20)]
    assert sum(day.page_views for day in expected.values()) == PAGE_VIEWS


def test_every_line_is_accounted_for(imported: str) -> None:
    assert "10,000 lines read" in imported
    assert f"{PAGE_VIEWS:,} page views taken by the edge" in imported
    assert "1 skipped: does not parse" in imported


def test_sql_says_what_the_log_says(stack: Stack, imported: str, expected: dict[date, Day]) -> None:
    assert from_views(stack) == expected


def test_daily_totals_say_what_the_log_says(
    stack: Stack, imported: str, expected: dict[date, Day]
) -> None:
    assert from_daily_site(stack) == expected


def test_the_api_says_what_the_log_says(
    stack: Stack, imported: str, expected: dict[date, Day]
) -> None:
    assert from_api(stack, list(expected)) == expected


def test_imported_twice_gives_the_same_numbers(
    stack: Stack, imported: str, expected: dict[date, Day], log: Path
) -> None:
    import_log(stack, log)
    assert from_views(stack) == expected
    assert from_daily_site(stack) == expected
    assert from_api(stack, list(expected)) == expected


def test_no_address_of_the_log_is_in_the_tables(stack: Stack, imported: str, log: Path) -> None:
    address = log.read_text("utf-8", "replace").split()[0]
    rows = rows_of(
        stack,
        f"SELECT count(*) AS n FROM analytics.events WHERE site_id = '{SITE}'"
        f" AND strpos(json_format(CAST(ROW(visitor_id, page_url, referrer, properties) AS JSON)),"
        f" '{address}') > 0",
    )
    assert int(rows[0]["n"]) == 0
