"""Shapley values are exact, keep the axioms, and say what they folded."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.batch.attribution.journeys import Conversion, Journey, Path
from pipelines.batch.attribution.models import History, Model, attribute
from pipelines.batch.attribution.shapley import past_of, shapley_values
from tests.unit.pipelines.batch.attribution.test_by_hand import AT, journey_of

GAMES = st.integers(1, 4).flatmap(
    lambda count: st.lists(st.floats(0, 1), min_size=2**count - 1, max_size=2**count - 1)
)


def by_orders(worths: list[float]) -> list[float]:
    """Return the values by their definition: what each adds, over all orders."""
    count = len(worths).bit_length() - 1
    added = [0.0] * count
    orders = list(permutations(range(count)))
    for order in orders:
        there = 0
        for player in order:
            added[player] += worths[there | 1 << player] - worths[there]
            there |= 1 << player
    return [total / len(orders) for total in added]


@settings(deadline=None)  # a busy machine is no fault
@given(GAMES)
def test_values_are_the_mean_over_all_orders(game: list[float]) -> None:
    worths = [0.0, *game]
    values = shapley_values(np.array(worths))
    assert values == pytest.approx(by_orders(worths), abs=1e-12)
    assert sum(values) == pytest.approx(worths[-1], abs=1e-12)


def test_the_glove_game() -> None:
    """One left glove, two right ones; a pair is worth 1: 4/6, 1/6, 1/6."""
    worths = [0, 0, 0, 1, 0, 1, 0, 1]
    assert shapley_values(np.array(worths, dtype=float)) == pytest.approx([4 / 6, 1 / 6, 1 / 6])


def test_a_set_is_worth_at_least_its_best_part() -> None:
    past = past_of([Path(("a",), 9, 1), Path(("a", "b"), 1, 99)], prior_paths=0)
    assert past.shares(frozenset("ab")) == pytest.approx({"a": 0.9, "b": 0.0})


def test_one_lucky_path_proves_little() -> None:
    paths = [Path(("a",), 1, 0), Path(("b",), 500, 1500)]
    certain, careful = past_of(paths, prior_paths=0), past_of(paths, prior_paths=10)
    both = frozenset("ab")
    assert certain.shares(both)["a"] > certain.shares(both)["b"]
    assert careful.shares(both)["a"] < careful.shares(both)["b"]


def test_the_order_of_a_path_makes_no_difference() -> None:
    one, other = (past_of([Path(tuple(order), 1, 1)]) for order in ("aba", "ba"))
    assert one.rates == other.rates


def test_up_to_the_limit_nothing_is_folded() -> None:
    assert past_of([Path(tuple("abc"), 1, 0)], exact_channels=3).folded == frozenset()


def test_beyond_the_limit_the_rarest_are_one_and_it_is_said() -> None:
    paths = [Path(("a",), 9, 0), Path(("b",), 5, 0), Path(("c",), 2, 80), Path(("d",), 1, 0)]
    past = past_of(paths, exact_channels=3)
    assert past.folded == {"c", "d"}
    assert past.rates.keys() == {frozenset({"a"}), frozenset({"b"}), frozenset({"(other)"})}
    journey = journey_of([("a", 3), ("c", 2), ("d", 1)])
    credits = attribute(journey, Model.SHAPLEY, History({}, past))
    assert [credit.seen_as for credit in credits] == ["a", "(other)", "(other)"]
    assert credits[1].credit == credits[2].credit  # one player, two touches


def test_the_rules_limit_holds_for_a_journey_of_every_channel() -> None:
    names = [f"c{number:02}" for number in range(30)]
    past = past_of([Path(tuple(names[:n]), n, 1) for n in range(1, 31)])
    journey = Journey(
        Conversion("e", "purchase", AT.date(), AT), journey_of([(n, 1) for n in names]).touches
    )
    credits = attribute(journey, Model.SHAPLEY, History({}, past))
    assert len({credit.seen_as for credit in credits}) <= 12
    assert sum(credit.credit for credit in credits) == 1
