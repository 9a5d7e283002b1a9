"""What Stripe's events tell."""

from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

import pytest

from pipelines.batch.revenue_events.facts import Fact, Kind
from pipelines.batch.revenue_events.model import facts_of
from tests.unit.pipelines.batch.revenue_events.bodies import (
    AT,
    charge,
    checkout,
    invoice,
    price,
    stripe,
    subscription,
    webhook,
)

ANN: Final = sha256(b"ann@example.com").hexdigest()


def told(kind: str, thing: dict[str, Any], **more: Any) -> Fact:
    (fact,) = facts_of(webhook(stripe(kind, thing, **more)))
    return fact


def test_a_checkout_is_a_payment_of_a_visitor() -> None:
    assert told("checkout.session.completed", checkout()) == Fact(
        Kind.ONE_TIME,
        "pi_1",
        AT,
        payment_id="pi_1",
        client_reference_id="visitor-1",
        email_hash=ANN,
        revenue_amount=Decimal("19.9900"),
        currency="EUR",
    )


@pytest.mark.parametrize(
    "more",
    [
        {"mode": "subscription", "subscription": "sub_1", "customer": "cus_1"},
        {"mode": "setup", "payment_status": "no_payment_required"},
        {"invoice": "in_1"},
        {"payment_status": "unpaid"},
    ],
)
def test_a_checkout_whose_money_is_told_elsewhere_only_says_who(more: dict[str, Any]) -> None:
    fact = told("checkout.session.completed", checkout(**more))
    assert (fact.kind, fact.fact_id, fact.revenue_amount) == (Kind.CUSTOMER, "cs_1", None)
    assert (fact.client_reference_id, fact.email_hash) == ("visitor-1", ANN)
    assert fact.customer_id == more.get("customer")


def test_money_that_comes_days_after_the_checkout_counts_when_it_comes() -> None:
    fact = told("checkout.session.async_payment_succeeded", checkout())
    assert (fact.kind, fact.revenue_amount) == (Kind.ONE_TIME, Decimal("19.9900"))


def test_an_invoice_of_a_subscription() -> None:
    fact = told("invoice.paid", invoice())
    assert (fact.kind, fact.fact_id, fact.payment_id) == (Kind.SUBSCRIPTION, "in_1", "pi_2")
    assert (fact.customer_id, fact.subscription_id) == ("cus_1", "sub_1")
    assert (fact.revenue_amount, fact.currency) == (Decimal("29.0000"), "USD")
    assert fact.email_hash == ANN


def test_an_invoice_of_the_newest_version_of_the_api() -> None:
    thing = invoice()
    del thing["subscription"], thing["payment_intent"]
    parent = {"subscription_details": {"subscription": "sub_9"}}
    fact = told("invoice.paid", {**thing, "parent": parent})
    assert (fact.kind, fact.subscription_id) == (Kind.SUBSCRIPTION, "sub_9")


def test_an_invoice_without_a_subscription_is_paid_once() -> None:
    assert told("invoice.paid", invoice(subscription=None)).kind is Kind.ONE_TIME


def test_a_trial_pays_nothing() -> None:
    fact = told("invoice.paid", invoice(amount_paid=0))
    assert (fact.kind, fact.revenue_amount) == (Kind.CUSTOMER, None)


def test_each_failed_attempt_is_one_and_moves_no_money() -> None:
    facts = [told("invoice.payment_failed", invoice(attempt_count=n)) for n in (1, 2)]
    assert [(f.kind, f.fact_id, f.revenue_amount) for f in facts] == [
        (Kind.FAILED_PAYMENT, "in_1/1", None),
        (Kind.FAILED_PAYMENT, "in_1/2", None),
    ]


def test_a_refund_is_what_went_back_this_time() -> None:
    first = told("charge.refunded", charge(1000), before={"amount_refunded": 0})
    rest = told("charge.refunded", charge(2900), before={"amount_refunded": 1000})
    assert [(f.fact_id, f.revenue_amount) for f in (first, rest)] == [
        ("ch_1/1000", Decimal("-10.0000")),
        ("ch_1/2900", Decimal("-19.0000")),
    ]
    assert first.kind is Kind.REFUND
    assert first.payment_id == "pi_2"


def test_a_refund_of_a_charge_without_an_intent() -> None:
    assert told("charge.refunded", charge(5, payment_intent=None)).payment_id == "ch_1"


@pytest.mark.parametrize(
    ("currency", "amount"),
    [("jpy", "1999"), ("krw", "1999"), ("eur", "19.99"), ("kwd", "1.999"), ("isk", "19.99"),
     ("ugx", "19.99"), ("mga", "1999")],
)  # fmt: skip
def test_smallest_units_are_those_of_the_currency(currency: str, amount: str) -> None:
    fact = told("checkout.session.completed", checkout(currency=currency))
    assert fact.revenue_amount == Decimal(amount)


@pytest.mark.parametrize(
    ("items", "mrr"),
    [
        ([(price(2900), 1)], "29"),
        ([(price(2900), 3)], "87"),
        ([(price(34800, "year"), 1)], "29"),
        ([(price(9000, "month", 3), 1)], "30"),
        ([(price(1200, "week"), 1)], "52"),
        ([(price(1200, "day"), 1)], "365"),
        ([(price(2900), 1), (price(500), 2)], "39"),
        ([(price(1000, "year"), 1)], "0.8333"),
        ([(price(None, recurring={"usage_type": "metered"}), 1)], "0"),
        ([(price(70, unit_amount_decimal="70.5"), 100)], "70.5"),
        ([], "0"),
    ],
)
def test_a_subscription_is_worth_its_items_a_month(items: Any, mrr: str) -> None:
    fact = told("customer.subscription.updated", subscription(*items))
    assert (fact.kind, fact.mrr_amount) == (Kind.SUBSCRIPTION_CHANGE, Decimal(mrr))
    assert (fact.fact_id, fact.subscription_id, fact.currency) == ("evt_1", "sub_1", "USD")
    assert fact.revenue_amount is None


@pytest.mark.parametrize(
    ("status", "mrr"),
    [("active", 29), ("past_due", 29), ("trialing", 0), ("incomplete", 0), ("unpaid", 0),
     ("canceled", 0), ("paused", 0)],
)  # fmt: skip
def test_only_paying_subscriptions_are_worth_something(status: str, mrr: int) -> None:
    thing = subscription((price(2900), 1), status=status)
    assert told("customer.subscription.updated", thing).mrr_amount == mrr


def test_what_begins_comes_before_what_goes_on_and_what_ends() -> None:
    thing = subscription((price(2900), 1))
    kinds = ("created", "updated", "deleted")
    steps = [told(f"customer.subscription.{kind}", thing).step for kind in kinds]
    assert steps == sorted(set(steps))


def test_a_thing_written_out_is_as_good_as_its_id() -> None:
    fact = told("invoice.paid", invoice(customer={"id": "cus_7", "object": "customer"}))
    assert fact.customer_id == "cus_7"


def test_a_type_without_money_tells_nothing() -> None:
    assert facts_of(webhook(stripe("product.created", {"id": "prod_1"}))) == []


@pytest.mark.parametrize(
    ("kind", "thing", "fault"),
    [
        ("charge.refunded", {"id": "ch_1"}, "data.object.amount_refunded is missing"),
        ("invoice.paid", invoice(amount_paid="much"), "data.object.amount_paid is no number"),
        ("invoice.paid", invoice(amount_paid=True), "data.object.amount_paid is no number"),
        ("invoice.paid", invoice(customer=7), "data.object.customer is no text"),
        ("invoice.paid", invoice(amount_paid=-5), "its sign is wrong"),
        ("invoice.paid", invoice(amount_paid=10**17), "more than a column can hold"),
        ("invoice.paid", [], "data.object is no object"),
        ("charge.refunded", charge(-3), "its sign is wrong"),
        (
            "customer.subscription.updated",
            subscription((price(None), 1)),
            "price price_1 has tiers: what it is worth is not known",
        ),
        (
            "customer.subscription.updated",
            subscription((price(5, "fortnight"), 1)),
            "every 1 'fortnight' is no interval; known: day, week, month, year",
        ),
        (
            "customer.subscription.updated",
            {**subscription(), "items": {"data": [7]}},
            "data.object.items.data[0] is no object",
        ),
    ],
)
def test_what_cannot_be_read_says_where(kind: str, thing: Any, fault: str) -> None:
    fact = told(kind, thing)
    assert (fact.kind, fact.fact_id, fact.revenue_amount) == (Kind.UNREADABLE, "evt_1", None)
    assert fault in (fact.fault or "")


@pytest.mark.parametrize("created", ["soon", None, 10**30, "2026-03-01T12:00:00", 1.5])
def test_a_time_that_is_none_says_so(created: Any) -> None:
    fact = told("charge.refunded", charge(5), created=created)
    assert (fact.kind, fact.fault) == (Kind.UNREADABLE, "created is no time")
