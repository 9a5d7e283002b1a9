"""Stripe: https://docs.stripe.com/api/events/types, of API versions from 2020 on."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from pipelines.batch.revenue_events.body import Body, Unreadable
from pipelines.batch.revenue_events.facts import Fact, Kind, Step
from pipelines.batch.revenue_events.money import amount, is_paying, monthly

_VENDOR: Final = "stripe"
_STEPS: Final = {"created": Step.BEGINS, "updated": Step.GOES_ON, "deleted": Step.ENDS}


def facts(event: Body) -> Iterator[Fact]:
    """Yield what an event tells; nothing for a type that says nothing of money."""
    read = _READERS.get(event.need("type"))
    if read is not None:
        yield from read(event, event.part("data", "object"))


def _checkout(event: Body, session: Body) -> Iterator[Fact]:
    """Yield a payment, or only who pays where an invoice tells of the same money."""
    who = _who(event, session, "customer_details", "email")
    who["subscription_id"] = session.text("subscription")
    who["client_reference_id"] = session.text("client_reference_id")
    is_paid = session.text("payment_status") == "paid"
    if not is_paid or session.text("mode") != "payment" or session.text("invoice"):
        yield Fact(Kind.CUSTOMER, session.need("id"), **who)
        return
    payment = session.text("payment_intent") or session.need("id")
    money = _money(session, session.need_number("amount_total"))
    yield Fact(Kind.ONE_TIME, payment, payment_id=payment, **money, **who)


def _invoice_paid(event: Body, invoice: Body) -> Iterator[Fact]:
    who = _who_of_invoice(event, invoice)
    paid = invoice.need_number("amount_paid")
    if paid == 0:  # a trial begins, or credit paid it all
        yield Fact(Kind.CUSTOMER, invoice.need("id"), **who)
        return
    kind = Kind.SUBSCRIPTION if who["subscription_id"] else Kind.ONE_TIME
    yield Fact(kind, invoice.need("id"), **_money(invoice, paid), **who)


def _invoice_failed(event: Body, invoice: Body) -> Iterator[Fact]:
    attempt = f"{invoice.need('id')}/{invoice.number('attempt_count') or 1}"
    yield Fact(Kind.FAILED_PAYMENT, attempt, **_who_of_invoice(event, invoice))


def _refund(event: Body, charge: Body) -> Iterator[Fact]:
    """Yield what was given back this time: a charge only says how much in all."""
    in_all = charge.need_number("amount_refunded")
    before = event.number("data", "previous_attributes", "amount_refunded") or Decimal(0)
    yield Fact(
        Kind.REFUND,
        f"{charge.need('id')}/{in_all}",
        payment_id=_payment(charge) or charge.need("id"),
        **_money(charge, before - in_all),
        **_who(event, charge, "billing_details", "email"),
    )


def _subscription(event: Body, subscription: Body) -> Iterator[Fact]:
    currency = subscription.need("currency").upper()
    yield Fact(
        Kind.SUBSCRIPTION_CHANGE,
        event.need("id"),
        step=_STEPS[event.need("type").rpartition(".")[2]],
        subscription_id=subscription.need("id"),
        currency=currency,
        mrr_amount=amount(_VENDOR, _mrr(subscription), currency),
        **_who(event, subscription),
    )


def _mrr(subscription: Body) -> Decimal:
    """Return a month's worth in smallest units; what is metered counts when it is paid."""
    if not is_paying(_VENDOR, subscription.need("status")):
        return Decimal(0)
    return sum((_item_mrr(item) for item in subscription.each("items", "data")), Decimal(0))


def _item_mrr(item: Body) -> Decimal:
    price = item.part("price")
    if price.text("recurring", "usage_type") == "metered":
        return Decimal(0)
    unit = price.number("unit_amount_decimal")
    if unit is None:
        unit = price.number("unit_amount")
    if unit is None:
        raise Unreadable(f"price {price.text('id')} has tiers: what it is worth is not known")
    every = price.number("recurring", "interval_count") or Decimal(1)
    quantity = item.number("quantity")
    total = unit * (Decimal(1) if quantity is None else quantity)
    return monthly(total, price.need("recurring", "interval"), every)


def _who_of_invoice(event: Body, invoice: Body) -> dict[str, Any]:
    who = _who(event, invoice, "customer_email")
    who["payment_id"] = _payment(invoice)
    who["subscription_id"] = invoice.text("subscription") or invoice.text(
        # Where it stands since API version 2025-03-31.
        "parent", "subscription_details", "subscription"
    )  # fmt: skip
    return who


def _who(event: Body, thing: Body, *email: str) -> dict[str, Any]:
    return {
        "occurred_at": event.time("created"),
        "customer_id": thing.text("customer"),
        "email_hash": thing.email_hash(*email) if email else None,
    }


def _payment(thing: Body) -> str | None:
    return thing.text("payment_intent") or thing.text("charge")


def _money(thing: Body, minor: Decimal) -> dict[str, Any]:
    currency = thing.need("currency").upper()
    return {"revenue_amount": amount(_VENDOR, minor, currency), "currency": currency}


_READERS: Final[Mapping[str, Callable[[Body, Body], Iterator[Fact]]]] = {
    "checkout.session.completed": _checkout,
    "checkout.session.async_payment_succeeded": _checkout,
    "invoice.paid": _invoice_paid,
    "invoice.payment_failed": _invoice_failed,
    "charge.refunded": _refund,
    "customer.subscription.created": _subscription,
    "customer.subscription.updated": _subscription,
    "customer.subscription.deleted": _subscription,
}
