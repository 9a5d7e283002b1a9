"""Paddle Billing: https://developer.paddle.com/webhooks/overview."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from pipelines.batch.revenue_events.body import Body, Unreadable
from pipelines.batch.revenue_events.facts import Fact, Kind, Step
from pipelines.batch.revenue_events.money import amount, is_paying, monthly

_VENDOR: Final = "paddle"
_STEPS: Final = {"subscription.created": Step.BEGINS, "subscription.canceled": Step.ENDS}
_BACK: Final = ("refund", "chargeback")
_OTHER: Final = ("credit", "credit_reverse", "chargeback_warning")  # no money moves


def facts(event: Body) -> Iterator[Fact]:
    """Yield what a notification tells; nothing for a type that says nothing of money."""
    kind = event.need("event_type")
    subject = kind.partition(".")[0]
    read = _READERS.get(kind) or _READERS.get(f"{subject}.*")
    if read is not None:
        yield from read(event, event.part("data"))


def _paid(event: Body, transaction: Body) -> Iterator[Fact]:
    total = transaction.need_number("details", "totals", "grand_total")
    who = _who(event, transaction)
    if total == 0:
        yield Fact(Kind.CUSTOMER, transaction.need("id"), **who)
        return
    kind = Kind.SUBSCRIPTION if who["subscription_id"] else Kind.ONE_TIME
    payment = transaction.need("id")
    yield Fact(kind, payment, payment_id=payment, **_money(transaction, total), **who)


def _failed(event: Body, transaction: Body) -> Iterator[Fact]:
    payment = transaction.need("id")
    who = _who(event, transaction)
    yield Fact(Kind.FAILED_PAYMENT, event.need("event_id"), payment_id=payment, **who)


def _adjusted(event: Body, adjustment: Body) -> Iterator[Fact]:
    """Yield money that went back, once the vendor has approved it."""
    action = adjustment.need("action")
    if action not in _BACK + _OTHER:
        raise Unreadable(f"data.action {action!r} is none that is read")
    if action in _BACK and adjustment.need("status") == "approved":
        yield Fact(
            Kind.REFUND,
            adjustment.need("id"),
            payment_id=adjustment.need("transaction_id"),
            **_money(adjustment, -adjustment.need_number("totals", "total")),
            **_who(event, adjustment),
        )


def _customer(event: Body, customer: Body) -> Iterator[Fact]:
    yield Fact(
        Kind.CUSTOMER,
        event.need("event_id"),
        event.time("occurred_at"),
        customer_id=customer.need("id"),
        email_hash=customer.email_hash("email"),
    )


def _subscription(event: Body, subscription: Body) -> Iterator[Fact]:
    currency = subscription.need("currency_code").upper()
    yield Fact(
        Kind.SUBSCRIPTION_CHANGE,
        event.need("event_id"),
        step=_STEPS.get(event.need("event_type"), Step.GOES_ON),
        currency=currency,
        mrr_amount=amount(_VENDOR, _mrr(subscription), currency),
        **{**_who(event, subscription), "subscription_id": subscription.need("id")},
    )


def _mrr(subscription: Body) -> Decimal:
    """Return a month's worth in smallest units."""
    if not is_paying(_VENDOR, subscription.need("status")):
        return Decimal(0)
    return sum((_item_mrr(item) for item in subscription.each("items")), Decimal(0))


def _item_mrr(item: Body) -> Decimal:
    price, quantity = item.part("price"), item.number("quantity")
    unit = price.need_number("unit_price", "amount")
    total = unit * (Decimal(1) if quantity is None else quantity)
    every = price.need_number("billing_cycle", "frequency")
    return monthly(total, price.need("billing_cycle", "interval"), every)


def _who(event: Body, thing: Body) -> dict[str, Any]:
    return {
        "occurred_at": event.time("occurred_at"),
        "customer_id": thing.text("customer_id"),
        "subscription_id": thing.text("subscription_id"),
        "client_reference_id": thing.text("custom_data", "client_reference_id"),
    }


def _money(thing: Body, minor: Decimal) -> dict[str, Any]:
    currency = thing.need("currency_code").upper()
    return {"revenue_amount": amount(_VENDOR, minor, currency), "currency": currency}


_READERS: Final[Mapping[str, Callable[[Body, Body], Iterator[Fact]]]] = {
    "transaction.completed": _paid,
    "transaction.payment_failed": _failed,
    "adjustment.created": _adjusted,
    "adjustment.updated": _adjusted,
    "customer.created": _customer,
    "customer.updated": _customer,
    "subscription.*": _subscription,
}
