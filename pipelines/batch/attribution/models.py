"""The eight models by name: a journey in, the credit of each of its touches out."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from pipelines.batch.attribution import by_place
from pipelines.batch.attribution.journeys import Journey, Path, Touch
from pipelines.batch.attribution.markov import removal_effects
from pipelines.batch.attribution.shapley import Past, past_of
from pipelines.batch.attribution.sharing import amounts_of, credits_of, whole_weights
from schemas.load import RULES


class Model(StrEnum):
    """How credit is given; the values are those of the column `model`."""

    FIRST_TOUCH = "first_touch"
    LAST_TOUCH = "last_touch"
    LAST_NON_DIRECT = "last_non_direct"
    LINEAR = "linear"
    TIME_DECAY = "time_decay"
    POSITION_BASED = "position_based"
    MARKOV = "markov"
    SHAPLEY = "shapley"


FROM_PATHS: Final = frozenset({Model.MARKOV, Model.SHAPLEY})
_BY_PLACE: Final[Mapping[Model, Callable[[Sequence[Touch]], list[int]]]] = {
    Model.FIRST_TOUCH: by_place.first_touch,
    Model.LAST_TOUCH: by_place.last_touch,
    Model.LAST_NON_DIRECT: by_place.last_non_direct,
    Model.LINEAR: by_place.linear,
    Model.TIME_DECAY: by_place.time_decay,
    Model.POSITION_BASED: by_place.position_based,
}


@dataclass(frozen=True)
class History:
    """What the site's paths say: removal effects by channel, and conversion by set of channels."""

    effects: Mapping[str, float]
    past: Past

    @classmethod
    def of(cls, markov: Iterable[Path], shapley: Iterable[Path] | None = None) -> "History":
        """Learn from paths; those for Shapley may differ, by its own lookback."""
        markov = list(markov)
        return cls(removal_effects(markov), past_of(markov if shapley is None else shapley))


@dataclass(frozen=True)
class Credit:
    """What a touch gets of a conversion. `touch` None: no touch within the lookback, all to nobody.

    `touch_number` counts from 1 to `touch_count`; `days_to_convert` from the first touch on.
    `seen_as` is the channel a model from paths took the touch for.
    """

    touch: Touch | None
    touch_number: int | None
    touch_count: int
    days_to_convert: int | None
    credit: Decimal
    revenue_amount: Decimal | None
    revenue_usd_amount: Decimal | None
    seen_as: str | None = None


def attribute(
    journey: Journey, model: Model, history: History, lookback_days: int | None = None
) -> list[Credit]:
    """Return the touches that get credit, oldest first, by the model's lookback or another.

    Credits sum to exactly 1, amounts to those of the conversion, without a touch too.
    """
    days = RULES.attribution.lookback_days.of(model) if lookback_days is None else lookback_days
    journey = journey.within(days)
    touches: tuple[Touch | None, ...] = journey.touches or (None,)
    players = _players(model, journey.touches, history)
    weights = _weights(model, journey.touches, players, history) if journey.touches else [1]
    credits = credits_of(weights)
    amounts = _shared(journey.conversion.revenue_amount, credits)
    usd_amounts = _shared(journey.conversion.revenue_usd_amount, credits)
    return [
        Credit(
            touch,
            place + 1 if touch else None,
            len(journey.touches),
            journey.days_to_convert,
            credits[place],
            amounts[place],
            usd_amounts[place],
            players[place] if players else None,
        )
        for place, touch in enumerate(touches)
        if credits[place]
    ]


def _players(model: Model, touches: Sequence[Touch], history: History) -> list[str]:
    """Return what each touch is to a model from paths: its channel, or one it is folded into."""
    if model is Model.SHAPLEY:
        return [history.past.seen_as(touch.channel) for touch in touches]
    return [touch.channel for touch in touches] if model is Model.MARKOV else []


def _weights(
    model: Model, touches: Sequence[Touch], players: Sequence[str], history: History
) -> list[int]:
    if model is Model.MARKOV:
        return _by_player(players, history.effects)
    if model is Model.SHAPLEY:
        return _by_player(players, history.past.shares(frozenset(players)))
    return _BY_PLACE[model](touches)


def _by_player(players: Sequence[str], shares: Mapping[str, float]) -> list[int]:
    """Share by what each channel of the journey is worth; its own touches share alike.

    Channels of which the past knows nothing, all of them, are worth the same.
    """
    often = Counter(players)
    worth = {player: max(0.0, shares.get(player, 0.0)) for player in often}
    if not any(worth.values()):
        worth = dict.fromkeys(often, 1.0)
    return whole_weights([worth[player] / often[player] for player in players])


def _shared(amount: Decimal | None, credits: Sequence[Decimal]) -> Sequence[Decimal | None]:
    return [None] * len(credits) if amount is None else amounts_of(amount, credits)
