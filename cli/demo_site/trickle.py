"""Live visitors of the demo shop: visits begin at random and take as long as they take."""

import heapq
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Final

from cli.demo_site import shop
from cli.demo_site.people import ORIGINS, draw_visitor, pick
from cli.demo_site.visits import Action, Visit, make_visit
from cli.demo_site.wire import browser_headers, event_of
from cli.edge import Edge
from cli.importing.events import iso

# A visit every nine seconds, each of two minutes: about a dozen visitors at any moment.
_PAUSE_SECONDS: Final = 9.0


@dataclass(order=True, frozen=True)
class Due:
    """Something that a live visitor is about to do."""

    at: datetime
    event_id: str
    visit: Visit = field(compare=False)
    action: Action = field(compare=False)


def live_actions(random: Random, starts_at: datetime) -> Iterator[Due]:
    """Yield what visitors do from `starts_at` on, in time order, without end."""
    waiting: list[Due] = []
    next_visit_at = starts_at
    while True:
        while not waiting or next_visit_at <= waiting[0].at:
            visit = make_visit(
                random, draw_visitor(random), pick(random, ORIGINS), next_visit_at, is_first=True
            )
            for action in visit.actions:
                event_id = str(uuid.UUID(int=random.getrandbits(128), version=4))
                heapq.heappush(waiting, Due(action.happened_at, event_id, visit, action))
            next_visit_at += timedelta(seconds=random.expovariate(1 / _PAUSE_SECONDS))
        yield heapq.heappop(waiting)


def send_live(
    edge: Edge,
    random: Random,
    now: Callable[[], datetime],
    sleep: Callable[[float], None],
    report: Callable[[int], None] = lambda sent: None,
) -> None:
    """Send live visitors' events as their browsers would, each when it happens; never returns.

    `report` is told how many events were sent so far after each.
    """
    for sent, due in enumerate(live_actions(random, now()), start=1):
        sleep(max(0.0, (due.at - now()).total_seconds()))
        headers = browser_headers(due.visit.visitor, shop.HOST)
        edge.post_batch([event_of(due.visit, due.action, due.event_id)], headers, sentAt=iso(now()))
        report(sent)
