"""What is no question is refused, naming the place and what may stand there."""

from typing import Any

import pytest

from serving.errors import QueryError
from serving.query.ask import Order, check, cursor_for
from serving.query.filters import MAX_DEPTH, Every, HasDone, Match, Not
from serving.query.schemas import Question

IS_DE = ["is", "country", ["DE"]]


def question(**fields: Any) -> Question:
    return Question(site="shop", **{"metrics": ["visitors"], **fields})


def nested(depth: int) -> list[Any]:
    inner: list[Any] = ["is", "country", ["DE"]]
    for _ in range(depth):
        inner = ["not", inner]
    return inner


@pytest.mark.parametrize(
    ("fields", "loc", "words"),
    [
        ({"metrics": ["pageviews"]}, ("metrics", 0), "page_views"),
        ({"metrics": ["visitors", "visitors"]}, ("metrics", 1), "twice"),
        ({"dimensions": ["time:year"]}, ("dimensions", 0), "time:day"),
        ({"dimensions": ["page", "page"]}, ("dimensions", 1), "twice"),
        ({"dimensions": ["property"]}, ("dimensions", 0), "property:NAME, time:minute"),
        ({"dimensions": ["property:"]}, ("dimensions", 0), "one character"),
        ({"dimensions": ["property:" + "x" * 501]}, ("dimensions", 0), "Use 500"),
        ({"dimensions": ["property:a\x00"]}, ("dimensions", 0), "NUL"),
        ({"dimensions": ["property:a", "property:a"]}, ("dimensions", 1), "twice"),
        ({"dimensions": ["page:a"]}, ("dimensions", 0), "property:NAME"),
        ({"filters": [["is", "property:\ud800", ["x"]]]}, ("filters", 0, 1), "surrogates"),
        ({"filters": [["is", "property:", ["x"]]]}, ("filters", 0, 1), "one character"),
        ({"filters": [["is", "property:plan", [10]]]}, ("filters", 0, 2, 0), "quotes"),
        ({"filters": [["not", ["is", "nothing:x", ["x"]]]]}, ("filters", 0, 1, 1), "property:NAME"),
        ({"filters": [["greater", "property:n", [3]]]}, ("filters", 0, 1), "text"),
        ({"dimensions": ["time:day", "time:hour"]}, ("dimensions",), "twice"),
        ({"order_by": [("page_views", "desc")]}, ("order_by", 0, 0), "visitors"),
        ({"timezone": "Mars/Olympus"}, ("timezone",), "IANA"),
        ({"timezone": "../etc/passwd"}, ("timezone",), "IANA"),
        ({"cursor": "nonsense"}, ("cursor",), "belong"),
        ({"filters": [[]]}, ("filters", 0), "list"),
        ({"filters": [["equals", "page", ["x"]]]}, ("filters", 0, 0), "is_not"),
        ({"filters": [["is", "pages", ["x"]]]}, ("filters", 0, 1), "page"),
        ({"filters": [["is", "page"]]}, ("filters", 0), "3"),
        ({"filters": [["is", "page", []]]}, ("filters", 0, 2), "values"),
        ({"filters": [["is", "page", [1]]]}, ("filters", 0, 2, 0), "quotes"),
        ({"filters": [["contains", "page", [None]]]}, ("filters", 0, 2, 0), "text"),
        ({"filters": [["is", "page", ["a\x00"]]]}, ("filters", 0, 2, 0), "Unicode"),
        ({"filters": [["is", "page", ["\ud800"]]]}, ("filters", 0, 2, 0), "Unicode"),
        ({"filters": [["matches", "page", ["x" * 201]]]}, ("filters", 0, 2, 0), "too many"),
        ({"filters": [["greater", "page", [3]]]}, ("filters", 0, 1), "text"),
        ({"filters": [["greater", "visitors", ["3"]]]}, ("filters", 0, 2), "number"),
        ({"filters": [["greater", "visitors", [True]]]}, ("filters", 0, 2), "number"),
        ({"filters": [["less", "visitors", [3]]]}, ("filters",), "dimension"),
        ({"filters": [["less", "events", [3]]], "dimensions": ["page"]}, ("filters",), "metrics"),
        ({"filters": [["not", ["less", "visitors", [3]]]]}, ("filters", 0, 1, 0), "top"),
        ({"filters": [["and", []]]}, ("filters", 0, 1), "list"),
        ({"filters": [["has_done", ["has_done", IS_DE]]]}, ("filters", 0, 1, 0), "inside"),
        ({"filters": [nested(MAX_DEPTH + 1)]}, ("filters", 0) + (1,) * (MAX_DEPTH + 1), "deeper"),
    ],
)  # fmt: skip
def test_refused(fields: dict[str, Any], loc: tuple[Any, ...], words: str) -> None:
    with pytest.raises(QueryError) as caught:
        check(question(**fields))
    fault = caught.value.faults[0]
    assert fault.loc == loc
    assert words in f"{fault.msg} {fault.fix}"


def test_filters_become_a_tree() -> None:
    (node,) = check(
        question(filters=[["and", [["is", "page", "/x"], ["has_not_done", ["is", "os", [None]]]]]])
    ).nodes
    assert isinstance(node, Every)
    first, second = node.parts
    assert isinstance(first, Match)
    assert first.values == ("/x",)
    assert isinstance(second, Not)
    assert isinstance(second.part, HasDone)


def test_a_property_is_named_by_what_follows_the_first_colon() -> None:
    asked = check(question(dimensions=["property:a:b"], order_by=[("property:a:b", "desc")]))
    (by,) = asked.properties
    assert (by.name, by.key, by.view) == ("property:a:b", "a:b", "events")
    assert asked.order == (Order(False, 0, True),)


def test_rows_run_by_time_or_by_the_first_metric() -> None:
    assert check(question(dimensions=["time:day"])).order == (Order(False, 0, False),)
    assert check(question(dimensions=["page", "source"])).order == (
        Order(True, 0, True), Order(False, 0, False), Order(False, 1, False),
    )  # fmt: skip


def test_a_cursor_goes_on_where_the_page_ended() -> None:
    asked = question(dimensions=["page"], limit=10)
    cursor = cursor_for(asked, 10)
    assert check(asked.model_copy(update={"cursor": cursor})).offset == 10


def test_a_cursor_belongs_to_one_question() -> None:
    cursor = cursor_for(question(dimensions=["page"]), 10)
    with pytest.raises(QueryError):
        check(question(dimensions=["source"], cursor=cursor))


def test_series_are_not_cut_by_default() -> None:
    assert check(question(dimensions=["time:minute"])).limit == 5_000
    assert check(question(dimensions=["page"])).limit == 100
