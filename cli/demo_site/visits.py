"""What one visitor does in one visit: walks pages, clicks, gets cross, sometimes buys."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Final

from cli.demo_site import shop
from cli.demo_site.people import Origin, Visitor
from cli.demo_site.shop import Page, Product

Value = str | int | bool

# Chances of the shop's funnel, per visit, before the origin's intent.
_GONE_AT_ONCE: Final = 0.22
_ADD_TO_CART: Final = 0.24
_CHECKOUT: Final = 0.62
_ORDER: Final = 0.66
_SIGN_UP: Final = 0.04
_RAGE_AT_CHECKOUT: Final = 0.13  # the voucher button of the demo shop does nothing
_ORDER_AFTER_RAGE: Final = 0.35  # scales the chance to order
_RATES: Final = {"EUR": Decimal("1"), "GBP": Decimal("0.87"), "USD": Decimal("1.10")}
_YEN: Final = Decimal("170")  # yen have no cents


@dataclass(frozen=True)
class Action:
    """One event of a visit, in the words of the tracker."""

    happened_at: datetime
    name: str
    page: Page
    referrer: str | None
    page_view: int
    seq: int
    properties: Mapping[str, Value]


@dataclass(frozen=True)
class Visit:
    """All a visitor did in one go, in time order; never a gap of more than ten minutes."""

    visitor: Visitor
    origin: Origin
    is_first: bool
    actions: tuple[Action, ...]


@dataclass
class _Walk:
    """A visit being made: the clock, the page that is open, what was done so far."""

    random: Random
    visitor: Visitor
    now: datetime
    referrer: str | None
    page: Page = shop.HOME
    page_view: int = -1
    opened_at: datetime | None = None
    actions: list[Action] = field(default_factory=list)

    def wait(self, least_ms: int, most_ms: int) -> None:
        self.now += timedelta(milliseconds=self.random.randint(least_ms, most_ms))

    def do(self, name: str, **properties: Value) -> None:
        seq = len(self.actions)
        self.actions.append(
            Action(self.now, name, self.page, self.referrer, self.page_view, seq, properties)
        )

    def open(self, page: Page) -> None:
        """Leave the page that is open and see the next."""
        if self.opened_at is not None:
            self.leave()
            self.referrer = self.page.url
        self.page, self.page_view, self.opened_at = page, self.page_view + 1, self.now
        self.do("page_view")
        # Reading times have a long tail; nobody stays for ten minutes.
        self.now += timedelta(seconds=min(480.0, self.random.lognormvariate(2.9, 0.9)))

    def leave(self) -> None:
        """Report what the open page got: visible time and depth."""
        if self.opened_at is None:
            return
        stayed_ms = int((self.now - self.opened_at).total_seconds() * 1000)
        engaged_ms = int(stayed_ms * self.random.uniform(0.4, 1.0))
        scroll_percent = min(100, int(self.random.triangular(10, 120, 70)))
        self.do("page_leave", engaged_ms=engaged_ms, scroll_percent=scroll_percent)

    def click(self, target: str, times: int = 1) -> None:
        """Click a thing; many times in quick succession is what rage looks like."""
        x, y = self.random.randint(60, 360), self.random.randint(120, 640)
        for _ in range(times):
            self.wait(130, 240)
            near_x, near_y = x + self.random.randint(-4, 4), y + self.random.randint(-4, 4)
            self.do("click", click_target=target, click_x_px=near_x, click_y_px=near_y)


def make_visit(
    random: Random, visitor: Visitor, origin: Origin, starts_at: datetime, *, is_first: bool
) -> Visit:
    """Draw one visit. It begins at `starts_at` with the view of its landing page."""
    walk = _Walk(random, visitor, starts_at, origin.referrer)
    landing = _landing(random, origin)
    walk.open(Page(landing.path, landing.title, origin.search))
    if random.random() < _GONE_AT_ONCE / origin.intent:
        _turn_away(walk)
        return Visit(visitor, origin, is_first, tuple(walk.actions))
    _look_around(walk)
    if random.random() < _ADD_TO_CART * origin.intent:
        _shop(walk, origin)
    elif random.random() < _SIGN_UP * origin.intent:
        _sign_up(walk)
    walk.leave()
    return Visit(visitor, origin, is_first, tuple(walk.actions))


def _turn_away(walk: _Walk) -> None:
    """Leave the landing page within seconds: a bounce."""
    if walk.opened_at is not None:
        walk.now = walk.opened_at
    walk.wait(1_500, 9_000)
    walk.leave()


def _landing(random: Random, origin: Origin) -> Page:
    if origin.name in ("google", "bing", "duckduckgo", "chatgpt", "perplexity", "reddit"):
        return random.choice((*shop.GUIDES, *shop.CATEGORIES))
    if origin.name == "direct":
        return random.choice((shop.HOME, shop.HOME, *shop.CATEGORIES))
    return random.choice((*shop.CATEGORIES, *(product.page for product in shop.PRODUCTS)))


def _look_around(walk: _Walk) -> None:
    """See more pages: a third see no other, few see many."""
    pages = (shop.HOME, *shop.CATEGORIES, *shop.GUIDES, *(p.page for p in shop.PRODUCTS))
    while walk.random.random() < 0.64 and walk.page_view < 11:
        walk.click("nav a")
        walk.open(walk.random.choice(pages))


def _shop(walk: _Walk, origin: Origin) -> None:
    """Put things into the cart and perhaps order them."""
    basket = walk.random.sample(shop.PRODUCTS, walk.random.choice((1, 1, 1, 2, 3)))
    for product in basket:
        walk.open(product.page)
        walk.click("button#add-to-cart")
        walk.do("add_to_cart", product=product.slug, category=product.category)
    walk.open(shop.CART)
    if walk.random.random() > _CHECKOUT:
        return
    walk.click("button#to-checkout")
    walk.open(shop.CHECKOUT)
    walk.do("checkout_started", items=len(basket))
    if walk.random.random() < _order_chance(walk, origin):
        _order(walk, basket)


def _order_chance(walk: _Walk, origin: Origin) -> float:
    """Some fight with the voucher button first, and then fewer of them order."""
    chance = min(0.9, _ORDER * max(origin.intent, 0.7))
    if walk.random.random() > _RAGE_AT_CHECKOUT:
        return chance
    walk.click("button#apply-voucher", times=walk.random.randint(3, 6))
    walk.wait(900, 2_500)
    return chance * _ORDER_AFTER_RAGE


def _order(walk: _Walk, basket: list[Product]) -> None:
    walk.click("button#place-order")
    walk.open(shop.THANKS)
    currency = walk.visitor.place.currency
    total = price_in(sum((product.price for product in basket), Decimal(0)), currency)
    order_id = f"FF-{walk.random.randrange(10**8):08d}"
    walk.do("order_completed", revenue=str(total), currency=currency, order_id=order_id)


def _sign_up(walk: _Walk) -> None:
    walk.open(shop.NEWSLETTER)
    walk.do("form_submit", form="newsletter")
    walk.do("sign_up", list="november-letter", is_conversion=True)


def price_in(euros: Decimal, currency: str) -> Decimal:
    """Return the shop's price in a currency: cents, but whole yen."""
    if currency == "JPY":
        return (euros * _YEN).quantize(Decimal(1))
    return (euros * _RATES[currency]).quantize(Decimal("0.01"))
