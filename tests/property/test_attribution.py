"""Laws of every attribution model: nothing is lost, nothing made up, in no order of arrival."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.batch.attribution.journeys import Conversion, Journey, Path, Touch
from pipelines.batch.attribution.models import History, Model, attribute
from pipelines.batch.attribution.sharing import share

AT: Final = datetime(2026, 3, 31, 12, tzinfo=UTC)
CHANNELS: Final = st.sampled_from(["Direct", "Email", "Paid Search", "Referral", "Display"])
AMOUNTS: Final = st.one_of(
    st.none(),
    st.integers(-(10**17), 10**17).map(lambda units: Decimal(units).scaleb(-4)),
)


@st.composite
def touches(draw: st.DrawFn) -> list[Touch]:
    steps = draw(st.lists(st.tuples(CHANNELS, st.integers(-86_400, 60 * 86_400)), max_size=25))
    return [
        Touch(
            session_id=f"s{place}",
            touched_at=AT - timedelta(seconds=age),
            source="(direct)" if channel == "Direct" else "x",
            medium="x",
            channel=channel,
        )
        for place, (channel, age) in enumerate(steps)
    ]


@st.composite
def journeys(draw: st.DrawFn) -> Journey:
    conversion = Conversion(
        "e",
        "purchase",
        AT.date(),
        AT,
        revenue_amount=draw(AMOUNTS),
        revenue_usd_amount=draw(AMOUNTS),
    )
    return Journey(conversion, tuple(draw(touches())))


HISTORIES: Final = st.lists(
    st.builds(
        Path,
        st.lists(CHANNELS, min_size=1, max_size=6).map(tuple),
        st.integers(0, 9),
        st.integers(0, 9),
    ),
    max_size=15,
).map(lambda paths: History.of(paths))


@settings(deadline=None)  # a busy machine is no fault
@given(journeys(), HISTORIES, st.sampled_from(Model), st.one_of(st.none(), st.integers(1, 90)))
def test_credits_sum_to_one_and_amounts_to_the_revenue(
    journey: Journey, history: History, model: Model, lookback_days: int | None
) -> None:
    credits = attribute(journey, model, history, lookback_days)
    assert sum(credit.credit for credit in credits) == 1
    assert all(credit.credit > 0 for credit in credits)
    for name in ("revenue_amount", "revenue_usd_amount"):
        amount = getattr(journey.conversion, name)
        parts = [getattr(credit, name) for credit in credits]
        assert parts == [None] * len(parts) if amount is None else sum(parts) == amount


@settings(deadline=None)
@given(journeys(), HISTORIES, st.sampled_from(Model), st.randoms(use_true_random=False))
def test_the_order_in_which_touches_are_told_does_not_matter(
    journey: Journey, history: History, model: Model, dice: Random
) -> None:
    shuffled = list(journey.touches)
    dice.shuffle(shuffled)
    again = replace(journey, touches=tuple(shuffled))
    assert attribute(again, model, history) == attribute(journey, model, history)


@settings(deadline=None)
@given(st.integers(-(10**20), 10**20), st.lists(st.integers(0, 10**16), min_size=1).filter(any))
def test_shares_are_whole_within_one_unit_and_complete(total: int, weights: list[int]) -> None:
    parts = share(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - total * weight) < sum(weights)
        assert part == 0 or weight > 0
