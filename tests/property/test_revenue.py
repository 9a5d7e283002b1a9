"""Laws of revenue: however webhooks come, the rows are the same, and no money is made or lost."""

from collections.abc import Sequence
from decimal import Decimal
from random import Random
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from pipelines.batch.revenue_events.model import facts_of, rows_of
from tests.unit.pipelines.batch.revenue_events.bodies import (
    RUN,
    charge,
    invoice,
    price,
    stripe,
    subscription,
    webhook,
)

CURRENCIES: Final = st.sampled_from(["usd", "eur", "jpy", "kwd", "xpf"])
JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
KINDS: Final = st.sampled_from(
    ["invoice.paid", "charge.refunded", "checkout.session.completed", "invoice.payment_failed",
     "customer.subscription.updated", "product.created"]
)  # fmt: skip


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Return type, thing and the rest of events: payments, parts given back, subscriptions."""
    told = []
    for number in range(draw(st.integers(1, 5))):
        currency, paid = draw(CURRENCIES), draw(st.integers(1, 10**6))
        own = {"customer": f"cus_{number % 2}", "currency": currency}
        at = draw(st.integers(0, 9))
        told.append(("invoice.paid", invoice(id=f"in_{number}", amount_paid=paid, **own), at, 0))
        in_all = 0
        for part in draw(st.lists(st.integers(1, paid), max_size=3)):
            if in_all + part <= paid:
                thing = charge(in_all + part, id=f"ch_{number}", **own)
                told.append(("charge.refunded", thing, at, in_all))
                in_all += part
        worth = subscription((price(draw(st.integers(0, 10**6))), 1), **own)
        told.append(("customer.subscription.updated", worth, at, 0))
    return [
        (kind, thing, {"event_id": f"evt_{place}", "at": at, "before": {"amount_refunded": before}})
        for place, (kind, thing, at, before) in enumerate(told)
    ]


def webhooks(history: Sequence[tuple[str, dict[str, Any], dict[str, Any]]]) -> list[Any]:
    return [
        webhook(stripe(kind, thing, **more), event_id=more["event_id"])
        for kind, thing, more in history
    ]


@given(histories(), st.randoms(use_true_random=False))
def test_any_order_and_copies_give_the_same_rows(history: Any, rng: Random) -> None:
    told = webhooks(history)
    shuffled = told + rng.sample(told, len(told) // 2)
    rng.shuffle(shuffled)
    assert rows_of(RUN, shuffled) == rows_of(RUN, told)


@given(histories())
def test_what_was_paid_less_what_went_back_is_what_is_left(history: Any) -> None:
    found = [row for row in rows_of(RUN, webhooks(history)) if row["revenue_amount"] is not None]
    for number in range(5):
        paid = [r["revenue_amount"] for r in found if r["fact_id"] == f"in_{number}"]
        back = [r["revenue_amount"] for r in found if r["fact_id"].startswith(f"ch_{number}/")]
        assert sum(paid, Decimal(0)) + sum(back, Decimal(0)) >= 0
        assert all(amount < 0 for amount in back)


@given(KINDS, JSON)
def test_no_body_stops_a_day(kind: str, thing: Any) -> None:
    for told in (webhook(stripe(kind, thing)), webhook(stripe(thing, {}))):
        assert len(facts_of(told)) <= 1


@given(st.text(max_size=30) | st.none())
def test_no_text_stops_a_day(body: str | None) -> None:
    (fact,) = facts_of(webhook(body))
    assert fact.fault
