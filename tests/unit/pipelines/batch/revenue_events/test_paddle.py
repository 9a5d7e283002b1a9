"""What Paddle's notifications tell: another vendor behind the same interface."""

from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

import pytest

from pipelines.batch.revenue_events.facts import Fact, Kind
from pipelines.batch.revenue_events.model import facts_of
from tests.unit.pipelines.batch.revenue_events.bodies import paddle, webhook

AT: Final = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def told(kind: str, thing: dict[str, Any]) -> list[Fact]:
    return facts_of(webhook(paddle(kind, thing), "paddle"))


def transaction(**more: Any) -> dict[str, Any]:
    return {
        "id": "txn_1",
        "customer_id": "ctm_1",
        "subscription_id": None,
        "currency_code": "JPY",
        "custom_data": {"client_reference_id": "visitor-1"},
        "details": {"totals": {"grand_total": "1500"}},
        **more,
    }


def adjustment(**more: Any) -> dict[str, Any]:
    return {
        "id": "adj_1",
        "action": "refund",
        "status": "approved",
        "transaction_id": "txn_1",
        "customer_id": "ctm_1",
        "currency_code": "USD",
        "totals": {"total": "250"},
        **more,
    }


def item(amount: str, interval: str, frequency: int, quantity: int) -> dict[str, Any]:
    cycle = {"interval": interval, "frequency": frequency}
    priced = {"unit_price": {"amount": amount, "currency_code": "USD"}, "billing_cycle": cycle}
    return {"price": priced, "quantity": quantity}


def subscription(status: str = "active") -> dict[str, Any]:
    items = [item("3000", "month", 1, 10), item("12000", "year", 1, 1)]
    own = {"id": "sub_1", "customer_id": "ctm_1", "currency_code": "USD", "items": items}
    return {**own, "status": status}


def test_a_transaction_is_a_payment() -> None:
    assert told("transaction.completed", transaction()) == [
        Fact(
            Kind.ONE_TIME,
            "txn_1",
            AT,
            customer_id="ctm_1",
            payment_id="txn_1",
            client_reference_id="visitor-1",
            revenue_amount=Decimal(1500),
            currency="JPY",
        )
    ]


def test_a_transaction_of_a_subscription_and_one_that_costs_nothing() -> None:
    of_subscription = transaction(subscription_id="sub_1")
    free = transaction(details={"totals": {"grand_total": "0"}})
    kinds = [told("transaction.completed", t)[0].kind for t in (of_subscription, free)]
    assert kinds == [Kind.SUBSCRIPTION, Kind.CUSTOMER]


def test_a_refund_counts_once_approved_under_one_id() -> None:
    assert told("adjustment.created", adjustment(status="pending_approval")) == []
    created = told("adjustment.created", adjustment())
    assert created == told("adjustment.updated", adjustment())
    (fact,) = created
    assert (fact.kind, fact.fact_id, fact.payment_id) == (Kind.REFUND, "adj_1", "txn_1")
    assert fact.revenue_amount == Decimal("-2.5000")


@pytest.mark.parametrize(
    ("action", "kinds"),
    [("chargeback", [Kind.REFUND]), ("credit", []), ("chargeback_reverse", [Kind.UNREADABLE])],
)
def test_money_goes_back_in_other_ways(action: str, kinds: list[Kind]) -> None:
    facts = told("adjustment.created", adjustment(action=action))
    assert [fact.kind for fact in facts] == kinds


@pytest.mark.parametrize(
    ("kind", "status", "mrr", "step"),
    [
        ("subscription.created", "trialing", 0, 0),
        ("subscription.activated", "active", 310, 1),
        ("subscription.past_due", "past_due", 310, 1),
        ("subscription.paused", "paused", 0, 1),
        ("subscription.canceled", "canceled", 0, 2),
    ],
)
def test_a_subscription_is_worth_its_items(kind: str, status: str, mrr: int, step: int) -> None:
    (fact,) = told(kind, subscription(status))
    assert (fact.kind, fact.subscription_id) == (Kind.SUBSCRIPTION_CHANGE, "sub_1")
    assert fact.mrr_amount == mrr
    assert (fact.step, fact.customer_id) == (step, "ctm_1")


def test_a_customer_has_an_address_that_is_kept_as_its_hash() -> None:
    (fact,) = told("customer.updated", {"id": "ctm_1", "email": "ann@example.com"})
    assert (fact.kind, fact.customer_id) == (Kind.CUSTOMER, "ctm_1")
    assert fact.email_hash == sha256(b"ann@example.com").hexdigest()


def test_failed_payments_and_other_notifications() -> None:
    (fact,) = told("transaction.payment_failed", transaction())
    assert (fact.kind, fact.revenue_amount) == (Kind.FAILED_PAYMENT, None)
    assert told("address.created", {"id": "add_1"}) == []
