"""Markov: what share of the conversions would be lost if a channel were taken away.

Paths of the past make an absorbing chain of first order: from START over channels to a
conversion or to nothing. With Q its moves between states, N = (I - Q)^-1 counts the expected
visits, and b = N r is the chance to convert from each state. Taking channel i away turns every
move into it into a loss, so of the chance b_start there is left b_start - h_i b_i, where
h_i = N_start,i / N_ii is the chance ever to come by i (Kemeny and Snell, Finite Markov Chains,
3.5.4). Hence the removal effect, without building the chain once more for each channel:

    effect_i = N_start,i b_i / (N_ii b_start)

One sparse factorization serves all of them; nothing is sampled or iterated.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csc_array, eye_array
from scipy.sparse.linalg import SuperLU, splu

from pipelines.batch.attribution.journeys import Path

_START: Final = 0
_COLUMNS_AT_ONCE: Final = 256  # 2 MB for each thousand channels


def removal_effects(paths: Iterable[Path]) -> dict[str, float]:
    """Return each channel's removal effect, 0 to 1; a channel of lost paths only has 0."""
    moves, endings = _moves(paths)
    channels = _channels(moves, endings)
    if not channels:
        return {}
    states: dict[str | None, int] = {name: number for number, name in enumerate((None, *channels))}
    size = len(states)
    chain, converts = _chain(moves, endings, states)
    factors = splu(csc_array(eye_array(size) - chain))
    chances = factors.solve(converts)
    if chances[_START] <= 0:
        return dict.fromkeys(channels, 0.0)
    visits = factors.solve(_unit(_START, size), trans="T")
    effects = visits * chances / (_diagonal(factors, size) * chances[_START])
    return {name: float(effects[states[name]]) for name in channels}


Moves = Counter[tuple[str | None, str]]
Endings = Counter[tuple[str, bool]]


def _moves(paths: Iterable[Path]) -> tuple[Moves, Endings]:
    """Count moves between states (None is START), and how often a channel was the end."""
    moves: Moves = Counter()
    endings: Endings = Counter()
    for path in paths:
        if not path.channels:
            continue
        for move in zip((None, *path.channels), path.channels, strict=False):
            moves[move] += path.converted_count + path.lost_count
        endings[path.channels[-1], True] += path.converted_count
        endings[path.channels[-1], False] += path.lost_count
    return +moves, +endings


def _channels(moves: Moves, endings: Endings) -> list[str]:
    return sorted({to for _, to in moves} | {channel for channel, _ in endings})


def _chain(
    moves: Moves, endings: Endings, states: dict[str | None, int]
) -> tuple[coo_array, NDArray[np.float64]]:
    """Return the chances to move between states, and to convert from each."""
    size = len(states)
    leaving = np.zeros(size)
    for (origin, _), count in moves.items():
        leaving[states[origin]] += count
    for (channel, _), count in endings.items():
        leaving[states[channel]] += count
    rows = np.array([states[origin] for origin, _ in moves])
    columns = np.array([states[to] for _, to in moves])
    chances = np.array(list(moves.values()), dtype=float) / leaving[rows]
    converts = np.zeros(size)
    for (channel, is_converted), count in endings.items():
        if is_converted:
            converts[states[channel]] = count / leaving[states[channel]]
    return coo_array((chances, (rows, columns)), shape=(size, size)), converts


def _diagonal(factors: SuperLU, size: int) -> NDArray[np.float64]:
    """Return the diagonal of the inverse, some columns at a time: N itself is dense."""
    diagonal = np.empty(size)
    for first in range(0, size, _COLUMNS_AT_ONCE):
        places = np.arange(first, min(first + _COLUMNS_AT_ONCE, size))
        columns = np.zeros((size, len(places)))
        columns[places, places - first] = 1.0
        diagonal[places] = factors.solve(columns)[places, places - first]
    return diagonal


def _unit(place: int, size: int) -> NDArray[np.float64]:
    unit = np.zeros(size)
    unit[place] = 1.0
    return unit
