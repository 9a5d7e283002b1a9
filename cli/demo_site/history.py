"""A week of the demo shop: who came when, with the shape of days and weeks."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from cli.demo_site.people import ORIGINS, Origin, draw_visitor, pick
from cli.demo_site.visits import Visit, make_visit

TIMEZONE: Final = "Europe/Berlin"
DAYS: Final = 7
PEOPLE: Final = 460
SEED: Final = 20261

# Share of a day's visits by local hour: quiet nights, a rise at noon, the peak after dinner.
_HOURS: Final = (4, 2, 1, 1, 1, 3, 8, 15, 22, 28, 31, 33, 36, 34, 31, 30, 32, 36, 41, 48, 52, 46)
_HOUR_WEIGHTS: Final = (*_HOURS, 28, 12)
# Monday to Sunday: a garden shop is visited most at the week's end.
_WEEKDAYS: Final = (14, 13, 12, 13, 15, 20, 24)
# How many visits a person makes within the week.
_VISITS: Final = {1: 66, 2: 18, 3: 9, 4: 4, 6: 3}


def make_history(last_day: date, *, seed: int = SEED, people: int = PEOPLE) -> list[Visit]:
    """Return the visits of the week that ends with `last_day`, ordered by their start.

    The same arguments give the same visits. Nothing begins after the last local midnight.
    """
    random = Random(seed)  # noqa: S311 - made-up visitors need no secret randomness
    days = [last_day - timedelta(days=back) for back in reversed(range(DAYS))]
    visits = [visit for _ in range(people) for visit in _visits_of_one(random, days)]
    return sorted(visits, key=lambda visit: visit.actions[0].happened_at)


def _visits_of_one(random: Random, days: list[date]) -> Iterator[Visit]:
    visitor = draw_visitor(random)
    count = random.choices(list(_VISITS), list(_VISITS.values()))[0]
    starts = sorted(_draw_start(random, days) for _ in range(count))
    for number, start in enumerate(starts):
        # A visit that would run into the one before is left out: one browser, one visit.
        if number and start - starts[number - 1] < timedelta(hours=2):
            continue
        yield make_visit(random, visitor, _origin(random, number), start, is_first=number == 0)


def _origin(random: Random, number: int) -> Origin:
    """First visits come from anywhere; those who return mostly come by themselves."""
    is_returning_by_itself = number > 0 and random.random() < 0.5
    return ORIGINS[0] if is_returning_by_itself else pick(random, ORIGINS)


def _draw_start(random: Random, days: list[date]) -> datetime:
    day = random.choices(days, [_WEEKDAYS[day.weekday()] for day in days])[0]
    hour = random.choices(range(24), _HOUR_WEIGHTS)[0]
    clock = time(hour, random.randrange(60), random.randrange(60), random.randrange(1000) * 1000)
    return datetime.combine(day, clock, ZoneInfo(TIMEZONE)).astimezone(ZoneInfo("UTC"))
