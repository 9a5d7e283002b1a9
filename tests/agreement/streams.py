"""Some made-up days, and the ways in which they may reach the topic."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from schemas.load import RULES
from tests.agreement.scenes import DAY_MS, SCENES, Made, Row, Visit

ZONES: Final = {
    "berlin": "Europe/Berlin",
    "kathmandu": "Asia/Kathmandu",
    "york": "America/New_York",
}
DAYS: Final = 3
USUAL_MS: Final = 1_000  # from event to topic, where nothing says otherwise
_EVENTS_OF_A_VISITOR: Final = 60


@dataclass(frozen=True)
class Arrival:
    """A record as the broker has it: `appended_at` never falls."""

    appended_at: int
    record: Row

    @property
    def key(self) -> str:
        """The key that the edge would give it."""
        return f"{self.record['site_id']}:{self.record['visitor_id'] or self.record['event_id']}"


def make_days(count: int, first_day: date, place: str, seed: int = 1) -> list[Made]:
    """Return so many events of DAYS days, of sites `<place>/<zone>`, in order of time.

    Sites share visitor ids and event ids. The clocks change on the second day if they do anywhere.
    """
    rng, made = Random(seed), list[Made]()
    visitors = max(3, count // _EVENTS_OF_A_VISITOR // len(ZONES))
    while len(made) < count:
        name, zone = rng.choice(list(ZONES.items()))
        visitor, at = f"v|{rng.randrange(visitors)}", _moment(rng, first_day, ZoneInfo(zone))
        (scene,) = rng.choices([each for each, _ in SCENES], [weight for _, weight in SCENES])
        visit = Visit(rng, f"{place}/{name}", ZoneInfo(zone), visitor, at)
        scene(visit)
        made += visit.made
    numbers: Counter[str] = Counter()
    for each in made[:count]:
        numbers[each.event["site_id"]] += 1
        each.event["event_id"] = f"e{numbers[each.event['site_id']]}"
    return sorted(made[:count], key=lambda each: each.event["event_at"])


def _moment(rng: Random, first_day: date, zone: ZoneInfo) -> int:
    """Return any moment, or one near midnight or when clocks change, by the site's clock."""
    day = first_day + timedelta(days=rng.randrange(DAYS))
    near = rng.choice((None, None, time(23, 50), time(1, 45)))
    start = datetime.combine(day, near or time(0), zone).astimezone(UTC)
    return round(start.timestamp() * 1000) + rng.randrange(1_200_000 if near else DAY_MS)


def in_order(days: Iterable[Made]) -> list[Arrival]:
    """Let every event arrive soon after it happened, late ones late."""
    return _arrivals(days, lambda made: USUAL_MS)


def shuffled(days: Iterable[Made]) -> list[Arrival]:
    """Let events overtake each other by as much as is not late.

    Two events of one visitor and one ms keep their order: nothing else decides between them.
    """

    def delay(made: Made) -> int:
        event = made.event
        key = f"{event['site_id']}:{event['visitor_id']}:{event['event_at']}"
        return Random(key).randint(0, RULES.delivery.late_seconds * 1000)

    return _arrivals(days, delay)


def doubled(days: Iterable[Made]) -> list[Arrival]:
    """Let every event arrive again, later by up to an hour."""
    again = itertools.cycle((1, 400, 11_000, 13_000, 3_600_000))
    twice = (Made(each.event, each.late_ms, (*each.copies, next(again))) for each in days)
    return in_order(twice)


WAYS: Final[dict[str, Callable[[Iterable[Made]], list[Arrival]]]] = {
    "in-order": in_order,
    "shuffled": shuffled,
    "doubled": doubled,
}


def merged(streams: Iterable[list[Arrival]]) -> list[Arrival]:
    """Return streams as one, as several sites share a topic."""
    return sorted(itertools.chain(*streams), key=lambda arrival: arrival.appended_at)


def _arrivals(days: Iterable[Made], delay: Callable[[Made], int]) -> list[Arrival]:
    arrivals = []
    for made in days:
        event = made.event
        first = event["event_at"] + (made.late_ms if made.late_ms is not None else delay(made))
        arrivals.append(Arrival(first, event))
        for after in made.copies:
            again = event | {"received_at": event["received_at"] + after}
            arrivals.append(Arrival(first + after, again))
    return sorted(arrivals, key=lambda arrival: arrival.appended_at)
