"""What can be exported, and what days are in a zone."""

from datetime import UTC, date, datetime

import pytest

from pipelines.lake.export.asked import Export, statement
from pipelines.lake.views import load_views
from schemas.exports import NoExport
from schemas.load import DAY_COLUMNS

DAY = date(2026, 3, 29)


def test_views_say_which_column_is_the_day() -> None:
    columns = DAY_COLUMNS
    assert columns["events"] == "event_date"
    assert columns["users"] is None
    assert "erasures" not in columns
    for view in load_views():
        day = columns.get(view.name)
        assert day is None or day.endswith(("_date", "_at", "_month")), view.name


def test_days_are_bound_as_dates() -> None:
    sql, values = statement(Export("shop", "UTC", "events", DAY, DAY))
    assert "lake.analytics.events" in sql
    assert "event_date >= ? AND event_date < ?" in sql
    assert values == ["shop", DAY, date(2026, 3, 30)]


@pytest.mark.parametrize(
    ("zone", "day", "begin", "end"),
    [
        ("UTC", DAY, datetime(2026, 3, 29), datetime(2026, 3, 30)),
        ("Europe/Berlin", DAY, datetime(2026, 3, 28, 23), datetime(2026, 3, 29, 22)),
        ("Europe/Berlin", date(2026, 10, 25), datetime(2026, 10, 24, 22),
         datetime(2026, 10, 25, 23)),
        # Clocks skip midnight: the day begins at 1:00.
        ("Africa/Cairo", date(2026, 4, 24), datetime(2026, 4, 23, 22), datetime(2026, 4, 24, 21)),
    ],
)  # fmt: skip
def test_a_view_of_moments_is_cut_at_local_midnights(
    zone: str, day: date, begin: datetime, end: datetime
) -> None:
    _, values = statement(Export("shop", zone, "recordings", day, day))
    assert values == ["shop", begin.replace(tzinfo=UTC), end.replace(tzinfo=UTC)]


def test_rows_of_no_day_are_exported_whole() -> None:
    sql, values = statement(Export("shop", "UTC", "users"))
    assert values == ["shop"]
    assert "lake.analytics.users" in sql


@pytest.mark.parametrize(
    ("table", "first", "last", "told"),
    [
        ("web.events", DAY, DAY, "No table 'web.events'"),
        ("events; DROP", DAY, DAY, "No table"),
        ("erasures", None, None, "No table 'erasures'"),
        ("events", None, None, "by days"),
        ("events", DAY, None, "by days"),
        ("events", DAY, date(2026, 3, 28), "before the first"),
        ("users", DAY, DAY, "of no day"),
    ],
)
def test_what_is_no_export_is_refused(
    table: str, first: date | None, last: date | None, told: str
) -> None:
    with pytest.raises(NoExport, match=told) as refused:
        statement(Export("shop", "UTC", table, first, last))
    assert refused.value.fix
