"""analytics.friction counts nothing twice, however often the job has started anew."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

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
