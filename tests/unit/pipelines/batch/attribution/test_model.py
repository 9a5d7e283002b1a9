"""What web.attribution is made of: rows of SQL in, rows of the table out, on paper."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path as File
from typing import Any, Final

from pyiceberg.catalog.sql import SqlCatalog

from pipelines.batch.attribution.model import journeys_of, rows
from pipelines.batch.attribution.models import Model
from pipelines.batch.run import Run
from pipelines.lake.appending import append_rows
from pipelines.lake.tables import create
from schemas.load import RECORDS, TABLES

DAY: Final = date(2026, 3, 1)
AT: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
RUN: Final = Run("r", "s", "UTC", (DAY,), "test", 7, AT, AT)
NOBODY: Final[dict[str, Any]] = dict.fromkeys(
    (
        "touch_session_id", "touched_at", "source", "medium", "campaign", "channel", "entry_page",
        "click_id_kind", "click_id",
    )
)  # fmt: skip


def step(event_id: str, **touch: object) -> dict[str, Any]:
    conversion = {
        "event_id": event_id,
        "event_name": "purchase",
        "event_at": AT,
        "visitor_id": "v",
        "revenue_amount": Decimal("10.0000"),
        "currency": "EUR",
        "revenue_usd_amount": Decimal("11.1100"),
        "is_bot": False,
    }
    return {**conversion, **NOBODY, **touch}


def touch(number: int, days: int, channel: str) -> dict[str, Any]:
    return {
        "touch_session_id": f"s{number}",
        "touched_at": AT - timedelta(days=days),
        "source": channel.lower(),
        "medium": "x",
        "channel": channel,
        "entry_page": "/offer",
        "click_id_kind": "gclid",
        "click_id": "abc",
    }


STEPS: Final = [
    step("e1", **touch(1, 7, "Email")),
    step("e1", **touch(2, 0, "Paid Search")),
    step("e2"),
]


class Paper:
    """A lake of paper: answers by the name of the file asked."""

    def __init__(self) -> None:
        self.asked: dict[str, Mapping[str, Any]] = {}

    def __call__(self, path: File, more: Mapping[str, Any]) -> list[dict[str, Any]]:
        self.asked[path.stem] = more
        return {
            "days": [{"local_date": DAY}],
            "journeys": STEPS,
            "paths": [
                {"channels": ["Email", "Paid Search"], "converted_count": 1, "lost_count": 0},
                {"channels": ["Email"], "converted_count": 0, "lost_count": 1},
            ],
        }[path.stem]


def made() -> list[dict[str, Any]]:
    (found,) = rows(RUN, Paper())
    return found


def test_steps_of_one_conversion_are_one_journey() -> None:
    first, second = journeys_of(STEPS, DAY)
    assert [touch.session_id for touch in first.touches] == ["s1", "s2"]
    assert second.touches == ()


def test_every_conversion_is_given_whole_in_every_model() -> None:
    for event in ("e1", "e2"):
        for model in Model:
            mine = [row for row in made() if (row["event_id"], row["model"]) == (event, model)]
            assert sum(row["credit"] for row in mine) == 1
            assert sum(row["revenue_usd_amount"] for row in mine) == Decimal("11.1100")
            assert {row["currency"] for row in mine} == {"EUR"}


def test_a_row_tells_touch_and_journey() -> None:
    (row,) = (row for row in made() if row["event_id"] == "e1" and row["model"] == "first_touch")
    assert row["channel"] == "Email"
    assert (row["session_id"], row["click_id"], row["entry_page"]) == ("s1", "abc", "/offer")
    assert (row["touch_number"], row["touch_count"], row["days_to_convert"]) == (1, 2, 7)


def test_without_a_touch_the_credit_is_nobodys() -> None:
    mine = [row for row in made() if row["event_id"] == "e2"]
    assert len(mine) == len(Model)
    assert {(row["session_id"], row["channel"], row["touch_count"]) for row in mine} == {
        (None, None, 0)
    }


def test_only_models_from_paths_say_what_they_took_a_touch_for() -> None:
    seen = {row["model"]: row["seen_as"] for row in made() if row["event_id"] == "e1"}
    assert {model for model, channel in seen.items() if channel} == {"markov", "shapley"}


def test_paths_are_those_of_ninety_days_and_the_lookback_before() -> None:
    paper = Paper()
    list(rows(RUN, paper))
    assert paper.asked["paths"] == {
        "history_from": date(2025, 12, 2),
        "touches_from": date(2025, 11, 1),
        "last_date": DAY,
        "lookback_days": 30,
    }
    assert paper.asked["journeys"]["touches_from"] == date(2026, 1, 29)


def test_rows_fit_the_table(tmp_path: File) -> None:
    catalog = SqlCatalog("lake", uri="sqlite:///:memory:", warehouse=tmp_path.as_uri())
    catalog.create_namespace("web")
    create(catalog, TABLES["attribution"], RECORDS["attribution"])
    append_rows(catalog, "attribution", made())
    found = catalog.load_table("web.attribution").scan().to_arrow().to_pylist()
    key = lambda row: (row["event_id"], row["model"], str(row["session_id"]))  # noqa: E731
    assert sorted(found, key=key) == [
        {name: row.get(name) for name in found[0]} for row in sorted(made(), key=key)
    ]
    assert {name for row in made() for name in row} == set(found[0])


def test_models_are_those_of_the_record() -> None:
    assert RECORDS["attribution"].field("model").symbols == tuple(Model)
