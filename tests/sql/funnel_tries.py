"""What a visitor reaches of a funnel, by looking at every try there is: slow, and not clever."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, combinations, pairwise

# A try: the place of each of its events, and the step that each of them is.
Try = list[tuple[int, int]]


@dataclass(frozen=True)
class Happening:
    """An event as a funnel sees it: the steps it may be, the steps whose tries it ends."""

    at: int
    steps: frozenset[int]
    ended: frozenset[int]
    begins: bool
    is_background: bool

    @property
    def matters(self) -> bool:
        """Whether nothing may be said to lie between two steps if this does."""
        return bool(self.steps or self.ended or not self.is_background)


@dataclass(frozen=True)
class Rules:
    """The rules of a funnel; `optional` are the steps that may be passed over."""

    order: str
    count: int
    window_ms: int
    optional: frozenset[int]

    def before(self, step: int) -> set[int]:
        """Return the steps that have to be done for a step."""
        return {one for one in range(1, step) if one not in self.optional}


def times(events: list[Happening], rules: Rules) -> list[int | None]:
    """Return of each step the ms that the first try took that comes to it, None for none."""
    ask = _in_any_order if rules.order == "any" else _in_order
    return [ask(events, rules, step) for step in range(1, rules.count + 1)]


def _in_order(events: list[Happening], rules: Rules, step: int) -> int | None:
    found = [one for one in _sequences(events, rules, []) if one[-1][1] == step]
    if not found:
        return None
    # It ends first; of those it began last, passed over least, came soonest to the step before.
    best = min(
        found,
        key=lambda one: (one[-1][0], -one[0][0], [-one[-2][1], one[-2][0]] if one[1:] else []),
    )
    return events[best[-1][0]].at - events[best[-2][0]].at if best[1:] else 0


def _sequences(events: list[Happening], rules: Rules, begun: Try) -> Iterator[Try]:
    for place, event in enumerate(events):
        for step in event.steps:
            longer = [*begun, (place, step)]
            if _is_try(events, rules, longer):
                yield longer
                yield from _sequences(events, rules, longer)


def _is_try(events: list[Happening], rules: Rules, one: Try) -> bool:
    places, steps = [place for place, _ in one], [step for _, step in one]
    if steps != sorted(set(steps)) or places != sorted(set(places)):
        return False
    if not rules.before(steps[-1]) <= set(steps) or steps[0] != 1:
        return False
    if not events[places[0]].begins:
        return False
    if events[places[-1]].at - events[places[0]].at > rules.window_ms:
        return False
    return not any(
        (rules.order == "strict" and between.matters) or step in between.ended
        for (place, step), (next_place, _) in pairwise(one)
        for between in events[place + 1 : next_place]
    )


def _in_any_order(events: list[Happening], rules: Rules, step: int) -> int | None:
    needed = rules.before(step) | {step}
    others = sorted(set(range(1, rules.count + 1)) - needed)
    ends = [
        (max(places), -min(places))
        for more in chain.from_iterable(combinations(others, n) for n in range(len(others) + 1))
        for places in _choices(events, sorted({*needed, *more}))
        if _is_set(events, rules, places)
    ]
    if not ends:
        return None
    last, first = min(ends)
    return events[last].at - events[-first].at


def _choices(events: list[Happening], steps: list[int]) -> Iterator[set[int]]:
    """Yield the places of different events that are these steps."""
    if not steps:
        yield set()
        return
    for chosen in _choices(events, steps[1:]):
        for place, event in enumerate(events):
            if steps[0] in event.steps and place not in chosen:
                yield chosen | {place}


def _is_set(events: list[Happening], rules: Rules, places: set[int]) -> bool:
    first, last = min(places), max(places)
    between = set(range(first, last)) - places
    return (
        events[first].begins
        and events[last].at - events[first].at <= rules.window_ms
        and not any(events[place].ended for place in between)
    )
