"""Shapley: what each channel of a journey adds, averaged over every order they may come in.

The game of a journey has its channels as players. A set of them is worth the share of the
past paths of exactly those channels that converted, at least what its best part is worth:

    worth(S) = max over parts T of S of  converted(T) / (converted(T) + lost(T) + prior)

So the values are never below 0, and sum to the worth of the whole set. All 2^n sets are
computed, nothing is sampled; beyond `exact_channels` the rarest channels are one player, "other".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import comb
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.batch.attribution.journeys import Path, converting_first
from schemas.load import RULES

_OTHER: Final = RULES.attribution.shapley_other


def shapley_values(worths: NDArray[np.float64]) -> list[float]:
    """Return the value of each of n players, exactly, from the worth of all 2^n sets.

    Bit i of a set's index says whether player i is in it; the empty set comes first.
    """
    count = len(worths).bit_length() - 1
    sets = np.arange(len(worths))
    # Orders in which exactly these come before a player, as a share of all: s! (n-s-1)! / n!
    shares = np.array([1 / (count * comb(count - 1, size)) for size in range(count)])
    values = []
    for player in range(count):
        without = sets[sets >> player & 1 == 0]
        added = worths[without | 1 << player] - worths[without]
        values.append(float(added @ shares[np.bitwise_count(without)]))
    return values


@dataclass(frozen=True)
class Past:
    """How often each set of channels converted, and which channels are seen as `other`."""

    rates: Mapping[frozenset[str], float]
    folded: frozenset[str]
    _known: dict[frozenset[str], dict[str, float]] = field(default_factory=dict, compare=False)

    def seen_as(self, channel: str) -> str:
        """Return the player that a channel is: itself, or `other`."""
        return _OTHER if channel in self.folded else channel

    def shares(self, players: frozenset[str]) -> dict[str, float]:
        """Return the Shapley value of each player of a journey; all 0 if the past knows none."""
        if players not in self._known:
            names = sorted(players)
            values = shapley_values(_worths(names, self.rates))
            self._known[players] = dict(zip(names, values, strict=True))
        return self._known[players]


def past_of(
    paths: Iterable[Path],
    exact_channels: int = RULES.attribution.shapley_exact_channels,
    prior_paths: int = RULES.attribution.shapley_prior_paths,
) -> Past:
    """Return what the paths say of each set of channels, in whatever order they came."""
    paths = list(paths)
    folded = _folded(paths, exact_channels)
    converted: dict[frozenset[str], int] = {}
    total: dict[frozenset[str], int] = {}
    for path in paths:
        players = frozenset(_OTHER if name in folded else name for name in path.channels)
        converted[players] = converted.get(players, 0) + path.converted_count
        total[players] = total.get(players, 0) + path.converted_count + path.lost_count
    rates = {
        players: count / (total[players] + prior_paths)
        for players, count in converted.items()
        if count
    }
    return Past(rates, folded)


def _folded(paths: list[Path], exact_channels: int) -> frozenset[str]:
    """Return the channels that are too many: those in the fewest converting paths."""
    channels = converting_first(paths)
    if len(channels) <= exact_channels:
        return frozenset()
    return frozenset(channels[exact_channels - 1 :])


def _worths(names: list[str], rates: Mapping[frozenset[str], float]) -> NDArray[np.float64]:
    bits = {name: 1 << place for place, name in enumerate(names)}
    worths = np.zeros(1 << len(names))
    for players, rate in rates.items():
        if players <= bits.keys():
            worths[sum(bits[name] for name in players)] = rate
    sets = np.arange(len(worths))
    for bit in bits.values():
        larger = sets[sets & bit != 0]
        worths[larger] = np.maximum(worths[larger], worths[larger ^ bit])
    return worths
