"""Parts are summed first and divided last; gaps are zeros; order is that of SQL."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from serving.query import periods, rows
from serving.query.ask import Ask, check
from serving.query.plan import plan
from serving.query.schemas import Question

ZONE = ZoneInfo("Europe/Berlin")
SPAN = periods.between(["2026-10-24", "2026-10-26"], "Europe/Berlin", ())


def ask(**question: Any) -> Ask:
    return check(Question(site="shop", **question))


def table(asked: Ask, *parts: list[tuple[Any, ...]]) -> rows.Table:
    found = rows.Table({})
    for part, records in zip(plan(asked, SPAN, SPAN.start), parts, strict=True):
        found.add(part, records, len(asked.dimensions))
    return found


def test_days_without_anything_are_zeros_and_ratios_of_nothing_are_null() -> None:
    asked = ask(metrics=["sessions", "bounce_rate"], dimensions=["time:day"])
    found = table(asked, [(date(2026, 10, 25), 4, 1, 4)])
    every = periods.buckets(SPAN, "day", SPAN.end)
    assert [(row.dimensions, row.metrics) for _, row in rows.series(asked, found, every, ZONE)] == [
        (["2026-10-24"], [0, None]),
        (["2026-10-25"], [4, 0.25]),
        (["2026-10-26"], [0, None]),
    ]


def test_two_parts_of_one_ratio_are_divided_after_they_met() -> None:
    asked = ask(metrics=["bounce_rate"])
    found = rows.Table({})
    (part,) = plan(asked, SPAN, SPAN.start)
    found.add(part, [(1, 1)], 0)
    found.add(part, [(0, 3)], 0)
    assert rows.metric_values(asked.metrics, found.groups[()]) == [0.25]


def test_an_empty_sum_is_zero() -> None:
    asked = ask(metrics=["page_views", "revenue", "views_per_session"])
    found = table(asked, [(None, Decimal(0))], [(None, 0)])
    assert rows.metric_values(asked.metrics, found.groups[()]) == [0, 0.0, None]


def test_revenue_is_a_number_to_the_cent() -> None:
    asked = ask(metrics=["revenue"])
    found = table(asked, [(Decimal("1234567890.1234"),)])
    assert rows.metric_values(asked.metrics, found.groups[()]) == [1234567890.1234]


def test_hours_of_the_autumn_day_run_in_the_order_of_time() -> None:
    asked = ask(metrics=["events"], dimensions=["time:hour"])
    summer, winter = (datetime(2026, 10, 25, hour, tzinfo=UTC) for hour in (0, 1))
    found = table(asked, [(winter.astimezone(ZONE), 5), (summer.astimezone(ZONE), 3)])
    every = periods.buckets(SPAN, "hour", SPAN.end)
    shown = {row.dimensions[0]: row.metrics[0] for _, row in rows.series(asked, found, every, ZONE)}
    assert shown["2026-10-25T02:00:00+02:00"] == 3
    assert shown["2026-10-25T02:00:00+01:00"] == 5
    assert len(shown) == 24 + 25 + 24


def test_values_without_a_name_come_last_either_way() -> None:
    for way, expected in (("asc", ["a", "b", None]), ("desc", ["b", "a", None])):
        asked = ask(metrics=["sessions"], dimensions=["country"], order_by=[("country", way)])
        found = table(asked, [(None, 1), ("b", 1), ("a", 1)])
        assert [row.dimensions[0] for _, row in rows.breakdown(asked, found, ZONE)] == expected


def test_metric_filters_act_after_counting() -> None:
    asked = ask(
        metrics=["sessions"], dimensions=["country"], filters=[["greater", "sessions", [2]]]
    )
    found = table(asked, [("DE", 3), ("FR", 2)])
    assert [row.dimensions for _, row in rows.breakdown(asked, found, ZONE)] == [["DE"]]


def test_change_is_null_where_there_was_nothing() -> None:
    assert rows.compared([3, 5, None], [2, 0, 1], []).change == [0.5, None, None]
