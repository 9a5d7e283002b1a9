"""Journeys worked by hand (journeys.yaml), in all eight models."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path as File
from typing import Any, Final

import pytest
import yaml

from pipelines.batch.attribution.journeys import Conversion, Journey, Path, Touch
from pipelines.batch.attribution.models import History, Model, attribute

AT: Final = datetime(2026, 3, 31, 12, tzinfo=UTC)
HAND: Final = yaml.safe_load(File(__file__).with_name("journeys.yaml").read_text("utf-8"))
JOURNEYS: Final[dict[str, Any]] = HAND["journeys"]
PASTS: Final = {
    name: [Path(tuple(row["channels"]), row["converted"], row["lost"]) for row in rows]
    for name, rows in HAND["pasts"].items()
}


def journey_of(touches: list[tuple[str, float]]) -> Journey:
    return Journey(
        Conversion("e", "purchase", AT.date(), AT),
        tuple(
            Touch(
                session_id=f"s{place}",
                touched_at=AT - timedelta(days=days),
                source="(direct)" if channel == "Direct" else channel.lower(),
                medium="x",
                channel=channel,
            )
            for place, (channel, days) in enumerate(touches)
        ),
    )


@pytest.mark.parametrize("model", Model)
@pytest.mark.parametrize("name", JOURNEYS)
def test_journey(name: str, model: Model) -> None:
    case = JOURNEYS[name]
    found = attribute(journey_of(case["touches"]), model, History.of(PASTS[case["past"]]))
    by_touch = {credit.touch.session_id: credit.credit for credit in found if credit.touch}
    nobody = sum(credit.credit for credit in found if credit.touch is None)
    wanted = [Fraction(part) for part in case["credits"].get(model, case["credits"]["linear"])]
    credits = [float(by_touch.get(f"s{place}", 0)) for place in range(len(case["touches"]))]
    assert credits == pytest.approx([float(part) for part in wanted], abs=5e-7)
    assert nobody == case.get("nobody", 0)
    assert sum(credit.credit for credit in found) == 1


def test_there_are_enough_of_them() -> None:
    assert len(JOURNEYS) >= 12
    assert sum("shapley" in case["credits"] for case in JOURNEYS.values()) >= 12


def test_another_lookback_may_be_asked_for() -> None:
    journey = journey_of([("Search", 31), ("Email", 1)])
    (first,) = attribute(journey, Model.FIRST_TOUCH, History.of([]), lookback_days=60)
    assert first.touch is not None
    assert first.touch.channel == "Search"
    assert (first.touch_number, first.touch_count, first.days_to_convert) == (1, 2, 31)


def test_a_touch_says_where_it_stood_and_how_long_it_took() -> None:
    journey = journey_of([("Search", 9.5), ("Email", 2)])
    (last,) = attribute(journey, Model.LAST_TOUCH, History.of([]))
    assert (last.touch_number, last.touch_count, last.days_to_convert) == (2, 2, 9)


def test_without_a_touch_there_are_no_days() -> None:
    (nobody,) = attribute(journey_of([]), Model.LINEAR, History.of([]))
    assert (nobody.touch_number, nobody.touch_count, nobody.days_to_convert) == (None, 0, None)
