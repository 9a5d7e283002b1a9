"""Removal effects equal those of a chain that is built once more without the channel."""

import random
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.batch.attribution.journeys import Path
from pipelines.batch.attribution.markov import removal_effects

PATHS = st.lists(
    st.builds(
        Path,
        st.lists(st.sampled_from("abcdef"), min_size=1, max_size=6).map(tuple),
        st.integers(0, 5),
        st.integers(0, 5),
    ),
    max_size=12,
)


def chance(paths: list[Path], without: str | None = None) -> float:
    """Return the chance to convert from START, by a plain dense chain; `without` is a loss."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for path in paths:
        for origin, to in zip(("START", *path.channels), path.channels, strict=False):
            counts[origin][to] += path.converted_count + path.lost_count
        counts[path.channels[-1]]["WON"] += path.converted_count
        counts[path.channels[-1]]["LOST"] += path.lost_count
    states = [state for state, to in counts.items() if state != without and any(to.values())]
    if "START" not in states:
        return 0.0
    chain, wins = np.zeros((len(states), len(states))), np.zeros(len(states))
    for row, state in enumerate(states):
        total = sum(counts[state].values())
        wins[row] = counts[state]["WON"] / total
        for column, to in enumerate(states):
            chain[row, column] = counts[state][to] / total
    found = np.linalg.solve(np.eye(len(states)) - chain, wins)
    return float(found[states.index("START")])


@settings(deadline=None)  # a busy machine is no fault
@given(PATHS)
def test_effects_are_those_of_the_chain_without_the_channel(paths: list[Path]) -> None:
    whole = chance(paths)
    for channel, effect in removal_effects(paths).items():
        left = chance(paths, without=channel)
        assert effect == pytest.approx(1 - left / whole if whole else 0, abs=1e-9)


@settings(deadline=None)
@given(PATHS)
def test_a_channel_met_again_at_once_changes_nothing(paths: list[Path]) -> None:
    twice = [
        Path(tuple(c for c in path.channels for _ in "xx"), path.converted_count, path.lost_count)
        for path in paths
    ]
    once = [
        Path(
            tuple(
                channel
                for place, channel in enumerate(path.channels)
                if place == 0 or channel != path.channels[place - 1]
            ),
            path.converted_count,
            path.lost_count,
        )
        for path in paths
    ]
    assert removal_effects(twice) == pytest.approx(removal_effects(once), abs=1e-9)


def test_thousands_of_channels_are_exact_too() -> None:
    dice = random.Random(7)
    names = [f"campaign {number}" for number in range(2500)]
    paths = [
        Path(tuple(dice.sample(names, dice.randint(1, 5))), dice.randint(0, 2), 3)
        for _ in range(4000)
    ]
    effects = removal_effects(paths)
    assert len(effects) == len({channel for path in paths for channel in path.channels}) > 2000
    top = max(effects, key=lambda name: effects[name])
    left = chance(paths, without=top)
    assert effects[top] == pytest.approx(1 - left / chance(paths), abs=1e-9)


@pytest.mark.parametrize("paths", [[], [Path((), 3, 1)], [Path(("a",), 0, 0)]])
def test_no_path_no_effect(paths: list[Path]) -> None:
    assert removal_effects(paths) == {}


def test_where_nobody_converts_no_channel_is_missed() -> None:
    assert removal_effects([Path(("a", "b"), 0, 4)]) == {"a": 0.0, "b": 0.0}
