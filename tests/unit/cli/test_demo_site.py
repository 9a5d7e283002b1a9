"""The made-up shop: the same seed gives the same week, and the week is believable."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice, pairwise
from random import Random
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cli.demo_site import shop
from cli.demo_site.history import DAYS, TIMEZONE, make_history
from cli.demo_site.people import ORIGINS
from cli.demo_site.trickle import live_actions, send_live
from cli.demo_site.visits import Action, Visit, price_in
from cli.demo_site.wire import events_of
from cli.edge import Refused
from cli.importing.events import iso

LAST_DAY = date(2026, 11, 20)


@pytest.fixture(scope="module")
def week() -> list[Visit]:
    return make_history(LAST_DAY)


@pytest.fixture(scope="module")
def actions(week: list[Visit]) -> list[Action]:
    return [action for visit in week for action in visit.actions]


def names(visit: Visit) -> Counter[str]:
    return Counter(action.name for action in visit.actions)


def test_same_seed_same_week_other_seed_another(week: list[Visit]) -> None:
    assert make_history(LAST_DAY) == week
    assert make_history(LAST_DAY, seed=1) != week


def test_every_day_has_visits_and_none_begins_outside(week: list[Visit]) -> None:
    zone = ZoneInfo(TIMEZONE)
    days = {visit.actions[0].happened_at.astimezone(zone).date() for visit in week}
    assert days == {LAST_DAY - timedelta(days=back) for back in range(DAYS)}


def test_visits_are_in_order_and_hold_no_session_gap(week: list[Visit]) -> None:
    starts = [visit.actions[0].happened_at for visit in week]
    assert starts == sorted(starts)
    for visit in week:
        times = [action.happened_at for action in visit.actions]
        assert times == sorted(times)
        assert all(later - earlier < timedelta(minutes=10) for earlier, later in pairwise(times))


def test_one_browser_makes_one_visit_at_a_time(week: list[Visit]) -> None:
    by_visitor: dict[str, list[Visit]] = {}
    for visit in week:
        by_visitor.setdefault(visit.visitor.visitor_id, []).append(visit)
    assert any(len(visits) > 1 for visits in by_visitor.values())
    for visits in by_visitor.values():
        assert [visit.is_first for visit in visits] == [True, *[False] * (len(visits) - 1)]
        for earlier, later in pairwise(visits):
            gap = later.actions[0].happened_at - earlier.actions[-1].happened_at
            assert gap > timedelta(minutes=30)


def test_several_hundred_people_from_every_origin(week: list[Visit]) -> None:
    assert 400 <= len({visit.visitor.visitor_id for visit in week}) <= 500
    assert {visit.origin for visit in week} == set(ORIGINS)
    assert len({visit.visitor.place.country for visit in week}) >= 8


def test_the_funnel_narrows_at_every_step(actions: list[Action]) -> None:
    count = Counter(action.name for action in actions)
    assert count["page_view"] > count["add_to_cart"] > count["checkout_started"]
    assert count["checkout_started"] > count["order_completed"] > 30


def test_orders_carry_money_in_several_currencies(actions: list[Action]) -> None:
    orders = [action.properties for action in actions if action.name == "order_completed"]
    assert len({order["currency"] for order in orders}) >= 3
    assert all(Decimal(str(order["revenue"])) > 0 for order in orders)


def test_rage_is_made_of_raw_clicks(week: list[Visit]) -> None:
    bursts = 0
    for visit in week:
        clicks = [
            a for a in visit.actions if a.properties.get("click_target") == "button#apply-voucher"
        ]
        if clicks:
            bursts += 1
            assert clicks[2].happened_at - clicks[0].happened_at < timedelta(seconds=1)
    assert bursts >= 5


def test_every_page_view_is_left_once(week: list[Visit]) -> None:
    for visit in week:
        seen = names(visit)
        assert seen["page_view"] == seen["page_leave"] >= 1


def test_weekend_and_evening_are_busier(week: list[Visit]) -> None:
    local = [visit.actions[0].happened_at.astimezone(ZoneInfo(TIMEZONE)) for visit in week]
    weekend = sum(1 for start in local if start.weekday() >= 5) / 2
    weekdays = sum(1 for start in local if start.weekday() < 5) / 5
    assert weekend > weekdays
    assert sum(18 <= start.hour < 22 for start in local) > 3 * sum(
        0 <= start.hour < 4 for start in local
    )


@pytest.mark.parametrize(
    ("currency", "price"), [("EUR", "10.00"), ("GBP", "8.70"), ("USD", "11.00"), ("JPY", "1700")]
)
def test_prices_follow_the_currency(currency: str, price: str) -> None:
    assert str(price_in(Decimal("10.00"), currency)) == price


def test_events_name_visit_visitor_and_page(week: list[Visit]) -> None:
    visit = week[0]
    events = events_of(visit, "demo-")
    assert [event["event"] for event in events] == [action.name for action in visit.actions]
    assert len({event["messageId"] for event in events}) == len(events)
    assert {event["anonymousId"] for event in events} == {visit.visitor.visitor_id}
    first = events[0]
    assert first["type"] == "page"
    assert first["context"]["ip"] == visit.visitor.address
    assert first["context"]["page"]["url"].startswith(f"https://{shop.HOST}/")
    assert first["context"]["page"]["referrer"] == (visit.origin.referrer or "")


def test_ids_of_the_week_never_repeat(week: list[Visit]) -> None:
    ids = [event["messageId"] for visit in week for event in events_of(visit, "demo-")]
    assert len(set(ids)) == len(ids)


def test_live_actions_are_in_order_and_overlap() -> None:
    start = datetime(2026, 11, 21, 12, tzinfo=UTC)
    dues = list(islice(live_actions(Random(1), start), 500))
    assert [due.at for due in dues] == sorted(due.at for due in dues)
    assert dues[0].at == start
    assert len({due.event_id for due in dues}) == len(dues)
    middle = dues[250].at
    around = {due.visit.visitor for due in dues if abs(due.at - middle) < timedelta(minutes=5)}
    assert len(around) > 5


class Recorder:
    """An edge that keeps what it is sent, with the time on the fake clock."""

    def __init__(self, clock: "FakeClock", stop_after: int) -> None:
        self.sent: list[tuple[datetime, dict[str, Any], Mapping[str, str], Any]] = []
        self._clock, self._stop_after = clock, stop_after

    def post_batch(
        self,
        batch: list[dict[str, Any]],
        headers: Mapping[str, str] = MappingProxyType({}),
        **fields: Any,
    ) -> list[Refused]:
        self.sent += [(self._clock.now(), event, headers, fields["sentAt"]) for event in batch]
        if len(self.sent) >= self._stop_after:
            raise StopIteration
        return []


class FakeClock:
    """Moves only when somebody sleeps."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


def test_live_events_go_out_when_they_happen_from_the_visitors_address() -> None:
    clock = FakeClock()
    edge = Recorder(clock, stop_after=50)
    with pytest.raises(StopIteration):
        send_live(edge, Random(1), clock.now, clock.sleep)
    for at, event, headers, sent_at in edge.sent:
        assert abs(datetime.fromisoformat(event["timestamp"]) - at) < timedelta(milliseconds=2)
        assert sent_at == iso(at)
        assert headers["X-Forwarded-For"] == event["context"]["ip"]
        assert headers["Origin"] == f"https://{shop.HOST}"
