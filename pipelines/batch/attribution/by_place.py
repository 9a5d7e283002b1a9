"""Models that look at a journey alone: where a touch stands in it, and how old it is.

Each takes the touches, oldest first and at least one, and returns a whole weight for each.
"""

from collections.abc import Sequence
from datetime import timedelta

from pipelines.batch.attribution.journeys import Touch
from pipelines.batch.attribution.sharing import whole_weights
from schemas.load import RULES


def first_touch(touches: Sequence[Touch]) -> list[int]:
    """All to the first touch."""
    return _all_to(0, touches)


def last_touch(touches: Sequence[Touch]) -> list[int]:
    """All to the last touch."""
    return _all_to(len(touches) - 1, touches)


def last_non_direct(touches: Sequence[Touch]) -> list[int]:
    """All to the last touch that came from somewhere; to the last if none did."""
    direct = RULES.channels.direct_source
    named = [place for place, touch in enumerate(touches) if touch.source != direct]
    return _all_to(named[-1] if named else len(touches) - 1, touches)


def linear(touches: Sequence[Touch]) -> list[int]:
    """The same to every touch."""
    return [1] * len(touches)


def time_decay(touches: Sequence[Touch]) -> list[int]:
    """Half as much to a touch that is a half-life older.

    Counted from the last touch, not from the conversion: the proportions are the same, and a
    long lookback never makes all weights 0.
    """
    half_life = timedelta(days=float(RULES.attribution.half_life_days))
    newest = touches[-1].touched_at
    return whole_weights([2.0 ** ((touch.touched_at - newest) / half_life) for touch in touches])


def position_based(touches: Sequence[Touch]) -> list[int]:
    """Much to the first and to the last touch, the rest shared by those between."""
    if len(touches) <= 2:
        return [1] if len(touches) == 1 else list(RULES.attribution.position_two_weights)
    first, between, last = RULES.attribution.position_weights
    inner = len(touches) - 2
    # Times the number of those between, so that their share of `between` is a whole number.
    return [first * inner, *[between] * inner, last * inner]


def _all_to(chosen: int, touches: Sequence[Touch]) -> list[int]:
    return [int(place == chosen) for place in range(len(touches))]
