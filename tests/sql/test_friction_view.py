"""analytics.friction counts nothing twice, whoever starts anew or restates."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from pipelines.batch.restate import Lake
from tests.sql.rows import RUN, insert, live_friction

SITE: Final = f"{RUN}-friction"
AT: Final = datetime(2026, 3, 6, 10, tzinfo=UTC)
OLD, NEW = "live-20260306T110000", "live-20260306T120000"


def seconds(count: float) -> datetime:
    return AT + timedelta(seconds=count)


def shown(lake: Lake, rows: list[dict[str, Any]], visitor_id: str) -> list[tuple[Any, ...]]:
    """Append rows of one visitor; return what the view shows of them: id, kind, clicks."""
    made = [live_friction(**{"site_id": SITE, "visitor_id": visitor_id, **row}) for row in rows]
    insert(lake.trino, "friction_live", made)
    found = lake.trino.rows(
        "SELECT event_id, kind, click_count FROM lake.analytics.friction"
        f" WHERE site_id = '{SITE}' AND visitor_id = '{visitor_id}' ORDER BY event_at, kind"
    )
    return [tuple(row.values()) for row in found]


def test_the_newest_run_and_the_newest_row_count(lake: Lake) -> None:
    rows: list[dict[str, Any]] = [
        {"event_id": "a", "event_at": AT, "run_id": OLD, "click_count": 3},
        {"event_id": "a", "event_at": AT, "run_id": NEW, "click_count": 4, "emitted_at": AT},
        {
            "event_id": "a",
            "event_at": AT,
            "run_id": NEW,
            "click_count": 5,
            "emitted_at": seconds(1),
        },
    ]
    assert shown(lake, rows, "newest") == [("a", "rage_click", 5)]


def test_kinds_of_one_burst_are_rows_of_their_own(lake: Lake) -> None:
    rows = [
        {"event_id": "b", "event_at": AT, "kind": kind, "run_id": run}
        for kind in ("rage_click", "dead_click", "error_click")
        for run in (OLD, NEW)
    ]
    kinds = [kind for _, kind, _ in shown(lake, rows, "kinds")]
    assert kinds == ["dead_click", "error_click", "rage_click"]


def test_a_newer_run_that_cuts_a_burst_elsewhere_has_the_last_word(lake: Lake) -> None:
    rows: list[dict[str, Any]] = [
        {"event_id": "whole", "event_at": AT, "last_at": seconds(3), "run_id": OLD},
        {"event_id": "piece", "event_at": seconds(2), "last_at": seconds(3), "run_id": NEW},
        {"event_id": "apart", "event_at": seconds(4), "last_at": seconds(5), "run_id": OLD},
    ]
    assert [row[0] for row in shown(lake, rows, "cut")] == ["piece", "apart"]


def test_another_form_of_a_newer_run_hides_none(lake: Lake) -> None:
    form = {"kind": "form_abandonment", "click_count": 0}
    rows: list[dict[str, Any]] = [
        {**form, "event_id": "f", "target": "signup", "event_at": AT, "last_at": seconds(60)}
        | {"run_id": OLD},
        {**form, "event_id": "g", "target": "search", "event_at": seconds(30), "run_id": NEW}
        | {"last_at": seconds(40)},
    ]
    assert [row[0] for row in shown(lake, rows, "forms")] == ["f", "g"]


def restate(
    lake: Lake,
    site_id: str,
    rows: list[dict[str, Any]],
    *,
    is_open: bool = False,
    definitions: str | None = '{"friction_restated": "0123456789ab"}',
) -> None:
    """Let a run have found these on the day of AT, and count for it."""
    run = {"site_id": site_id, "run_id": "20260307T000000"}
    insert(lake.trino, "friction_restated", [live_friction(**row, **run) for row in rows])
    day = {"local_date": AT.date(), "committed_at": AT, "offsets": "{}", "reason": "test"}
    made_with = {"definitions": definitions, "is_open": is_open}
    insert(lake.trino, "day_runs", [{**run, **day, **made_with}])


def of_site(lake: Lake, site_id: str) -> list[tuple[Any, ...]]:
    """Return what the view shows of a site: id, clicks, whether restated."""
    found = lake.trino.rows(
        "SELECT event_id, click_count, is_restated FROM lake.analytics.friction"
        f" WHERE site_id = '{site_id}' ORDER BY event_at"
    )
    return [tuple(row.values()) for row in found]


def test_of_a_settled_day_the_restatement_has_the_last_word(lake: Lake) -> None:
    site_id, next_day = f"{SITE}-settled", AT + timedelta(days=1)
    live = [("gone", AT, 3), ("grown", seconds(60), 3), ("next", next_day, 5)]
    rows = [
        live_friction(site_id=site_id, event_id=name, event_at=at, click_count=count)
        for name, at, count in live
    ]
    insert(lake.trino, "friction_live", rows)
    restate(lake, site_id, [{"event_id": "grown", "event_at": seconds(60), "click_count": 4}])
    assert of_site(lake, site_id) == [("grown", 4, True), ("next", 5, False)]


def test_of_an_open_day_the_stream_tells(lake: Lake) -> None:
    site_id = f"{SITE}-open"
    insert(lake.trino, "friction_live", [live_friction(site_id=site_id, event_id="a", event_at=AT)])
    restate(lake, site_id, [{"event_id": "a", "event_at": AT, "click_count": 9}], is_open=True)
    assert of_site(lake, site_id) == [("a", 3, False)]


@pytest.mark.parametrize("definitions", [None, '{"daily_site": "0123456789ab"}'])
def test_of_a_day_restated_without_its_friction_the_stream_tells(
    lake: Lake, definitions: str | None
) -> None:
    site_id = f"{SITE}-before-{definitions is None}"
    insert(lake.trino, "friction_live", [live_friction(site_id=site_id, event_id="a", event_at=AT)])
    restate(lake, site_id, [], definitions=definitions)
    assert of_site(lake, site_id) == [("a", 3, False)]


def test_a_burst_that_moved_to_a_settled_day_stands_once(lake: Lake) -> None:
    site_id, midnight = f"{SITE}-moved", datetime(2026, 3, 7, tzinfo=UTC)
    after = midnight + timedelta(milliseconds=200)
    live = {"site_id": site_id, "event_id": "piece", "event_at": after, "target": None}
    other = {**live, "event_id": "other", "target": "a"}
    insert(lake.trino, "friction_live", [live_friction(**live), live_friction(**other)])
    whole = {"event_id": "whole", "event_at": midnight - timedelta(milliseconds=100)}
    restate(lake, site_id, [{**whole, "last_at": after, "target": None, "click_count": 4}])
    assert of_site(lake, site_id) == [("whole", 4, True), ("other", 3, False)]
