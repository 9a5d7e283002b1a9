"""The made-up shop: the same seed gives the same week, and the week is believable."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from cli.demo_site.history import DAYS, TIMEZONE, make_history
from cli.demo_site.people import ORIGINS
from cli.demo_site.visits import Action, Visit, price_in

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
