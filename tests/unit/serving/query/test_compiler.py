"""What a question becomes: which view, which parts, which SQL; values never in the text."""

from datetime import UTC, datetime
from typing import Any

import pytest

from serving.errors import QueryError
from serving.query import periods
from serving.query.ask import Ask, check
from serving.query.compiler import compile_part
from serving.query.periods import Span
from serving.query.plan import Part, plan, views, warnings
from serving.query.schemas import Question
from serving.query.sql import Statement, sql
from serving.scope import SiteScope

SCOPE = SiteScope("shop", "Europe/Berlin", exclude_bots=False)
MARCH = periods.between(["2026-03-01", "2026-03-31"], "Europe/Berlin", ())
START, END = datetime(2026, 2, 28, 23, tzinfo=UTC), datetime(2026, 3, 31, 22, tzinfo=UTC)
MIDDLE = datetime(2026, 3, 19, 23, tzinfo=UTC)  # 20 March in Berlin


def ask(**question: Any) -> Ask:
    return check(Question(site="shop", **{"metrics": ["visitors"], **question}))


def compiled(scope: SiteScope = SCOPE, **question: Any) -> list[Statement]:
    asked = ask(**question)
    return [compile_part(asked, part, MARCH, scope) for part in plan(asked, MARCH, START)]


def parts(open_from: datetime, **question: Any) -> list[tuple[str, Span, bool, bool]]:
    found = plan(ask(**question), MARCH, open_from)
    return [(part.view, part.span, part.is_closed, part.is_whole) for part in found]


def test_totals_count_over_events() -> None:
    (one,) = compiled(metrics=["page_views"])
    assert one.sql.text == (
        "SELECT sum(CASE WHEN event_name = 'page_view' THEN 1 ELSE 0 END) AS m0_0"
        " FROM analytics.events WHERE site_id = ? AND event_at >= ? AND event_at < ?"
    )
    assert one.sql.params == ("shop", START, END)


def test_ratios_select_numerator_and_denominator() -> None:
    (one,) = compiled(metrics=["bounce_rate", "sessions"])
    assert one.sql.text.startswith(
        "SELECT sum(CASE WHEN is_bounce THEN 1 ELSE 0 END) AS m0_0, count(*) AS m0_1,"
        " count(*) AS m1_0 FROM analytics.sessions WHERE site_id = ?"
    )


def test_time_is_cut_in_the_zone_of_the_question() -> None:
    (one,) = compiled(metrics=["events"], dimensions=["time:hour"])
    assert one.sql.text.startswith(
        "SELECT at_timezone(date_trunc('hour', at_timezone(event_at, ?)) , 'UTC') AS d0,"
    )
    assert one.sql.text.endswith("GROUP BY 1")
    assert one.sql.params[0] == "Europe/Berlin"


def test_a_breakdown_is_ordered_and_cut_in_sql() -> None:
    (one,) = compiled(dimensions=["country"], limit=7)
    assert one.sql.text.endswith(
        "GROUP BY 1) ORDER BY m0_0 DESC NULLS LAST, d0 ASC NULLS LAST OFFSET ? LIMIT ?"
    )
    assert one.sql.params[-2:] == (0, 8)


def test_pages_leave_out_events_without_a_page() -> None:
    (one,) = compiled(dimensions=["page"])
    assert "page_path IS NOT NULL" in one.sql.text


def test_bots_are_left_out_everywhere_if_the_site_says_so() -> None:
    scope = SiteScope("shop", "UTC", exclude_bots=True)
    filters = [["is", "source", ["x"]], ["has_done", ["is", "event_name", ["buy"]]]]
    (one,) = compiled(scope, dimensions=["page"], filters=filters)
    assert one.sql.text.count("NOT is_bot") == 3  # events, their sessions, what they have done


def test_the_site_stands_in_every_read() -> None:
    filters = [["is", "page", ["/x"]], ["has_not_done", ["is", "source", ["x"]]]]
    for one in compiled(metrics=["visitors", "sessions"], dimensions=["source"], filters=filters):
        assert one.sql.text.count("FROM analytics.") == one.sql.text.count("site_id = ?")
        assert one.sql.params.count("shop") == one.sql.text.count("site_id = ?")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ({"metrics": ["visitors", "sessions"]}, {"visitors": "events", "sessions": "sessions"}),
        ({"dimensions": ["source"]}, {"visitors": "sessions"}),
        ({"dimensions": ["page"]}, {"visitors": "events"}),
        ({"dimensions": ["page", "source"]}, {"visitors": "events"}),
        ({"filters": [["is", "source", ["x"]]]}, {"visitors": "sessions"}),
        ({"filters": [["is", "page", ["/x"]]]}, {"visitors": "events"}),
        ({"filters": [["is", "page", ["/x"]], ["is", "source", ["x"]]]}, {"visitors": "events"}),
        ({"filters": [["has_done", ["is", "page", ["/x"]]]]}, {"visitors": "events"}),
        ({"dimensions": ["property:plan"]}, {"visitors": "events"}),
        ({"dimensions": ["source", "property:plan"]}, {"visitors": "events"}),
        ({"filters": [["is", "property:plan", ["pro"]]], "metrics": ["visitors", "sessions"]},
         {"visitors": "events", "sessions": "sessions"}),
        ({"dimensions": ["source"], "filters": [["is", "page", ["/x"]]],
          "metrics": ["page_views", "sessions"]}, {"page_views": "events", "sessions": "sessions"}),
    ],
)  # fmt: skip
def test_each_metric_comes_from_the_view_that_means_it(
    question: dict[str, Any], expected: dict[str, str]
) -> None:
    assert views(ask(**question)) == expected


def test_sessions_of_a_page_are_refused_with_what_to_ask_instead() -> None:
    with pytest.raises(QueryError) as caught:
        plan(ask(metrics=["visitors", "bounce_rate"], dimensions=["page"]), MARCH, START)
    (fault,) = caught.value.faults
    assert fault.loc == ("metrics", 1)
    assert "entry_page" in fault.fix


def test_sessions_by_a_property_of_events_are_refused_too() -> None:
    with pytest.raises(QueryError) as caught:
        plan(ask(metrics=["bounce_rate"], dimensions=["property:plan"]), MARCH, START)
    (fault,) = caught.value.faults
    assert fault.loc == ("metrics", 0)
    assert "property:plan" in fault.msg
    assert "Filter by it" in fault.fix


def test_a_property_is_a_parameter_and_left_out_where_there_is_none() -> None:
    (one,) = compiled(
        dimensions=["property:plan"], filters=[["contains", "property:x", ["a", "b"]]]
    )
    assert one.sql.params == ("plan", "shop", START, END, "plan", "x", "a", "b", 0, 101)
    assert "AS d0" in one.sql.text
    assert one.sql.text.count("json_parse") == 3, "what is looked into is read once"


@pytest.mark.parametrize(
    ("asked", "params"),
    [
        (["pro", "free"], ("plan", "pro", "free")),
        (["10"], ("plan", "10")),
        (["10.00", "-0", "1e3"], ("plan", "10.00", "-0", "1e3", "plan", "plan", "0", "10")),
        (["100"], ("plan", "100")),
    ],
)
def test_a_number_is_met_however_it_was_written(asked: list[str], params: tuple[str, ...]) -> None:
    (one,) = compiled(metrics=["events"], filters=[["is", "property:plan", asked]])
    assert one.sql.params == ("shop", START, END, *params)


def test_filters_on_events_say_what_they_mean_for_sessions() -> None:
    (note,) = warnings(ask(metrics=["sessions"], filters=[["is", "page", ["/x"]]]))
    assert "at least one such event" in note
    assert warnings(ask(metrics=["sessions"], filters=[["is", "property:x", ["y"]]])) == [note]


def test_closed_days_and_the_rest_are_read_apart() -> None:
    assert parts(MIDDLE, metrics=["page_views"]) == [
        ("events", Span(START, MIDDLE, "Europe/Berlin"), True, False),
        ("events", Span(MIDDLE, END, "Europe/Berlin"), False, False),
    ]


def test_distinct_visitors_cannot_be_added_up() -> None:
    assert parts(MIDDLE) == [("events", MARCH, False, True)]


def test_distinct_visitors_by_day_can() -> None:
    assert [part[2] for part in parts(MIDDLE, dimensions=["time:day"])] == [True, False]


def test_a_week_that_runs_is_read_whole() -> None:
    _, (_, span, is_closed, _) = parts(MIDDLE, dimensions=["time:week"])
    assert not is_closed
    assert span.start == datetime(2026, 3, 15, 23, tzinfo=UTC)  # Monday, 16 March


def test_what_visitors_have_done_elsewhere_is_asked_over_the_whole_range() -> None:
    done = [["has_done", ["is", "event_name", ["buy"]]]]
    assert parts(MIDDLE, metrics=["page_views"], filters=done) == [("events", MARCH, False, True)]


def test_a_range_of_closed_days_is_one_closed_part() -> None:
    assert parts(END) == [("events", MARCH, True, True)]


def test_a_breakdown_of_two_views_is_cut_after_they_met() -> None:
    found = plan(
        ask(metrics=["page_views", "sessions"], dimensions=["source"],
            filters=[["is", "page", ["/x"]]]), MARCH, START,
    )  # fmt: skip
    assert [part.is_whole for part in found] == [False, False]


def test_conditions_of_one_event_stay_together() -> None:
    filters = [["is", "page", ["/x"]], ["is", "event_name", ["buy"]]]
    (one,) = compiled(metrics=["sessions"], filters=filters)
    assert one.sql.text.count("session_id IN") == 1


def test_not_around_an_event_means_sessions_without_one() -> None:
    (one,) = compiled(metrics=["sessions"], filters=[["not", ["is", "page", ["/x"]]]])
    assert "NOT (session_id IN " in one.sql.text


def test_null_is_a_value_of_its_own() -> None:
    (one,) = compiled(metrics=["sessions"], filters=[["is_not", "country", ["DE", None]]])
    assert "NOT ((country IS NULL OR (country IS NOT NULL AND country IN (?))))" in one.sql.text


def test_a_fragment_counts_its_parameters() -> None:
    with pytest.raises(ValueError, match="parameters"):
        sql("a = ?")


def test_a_part_names_what_it_reads() -> None:
    part = plan(ask(), MARCH, START)[0]
    assert isinstance(part, Part)
    assert part.metrics[0].name == "visitors"
