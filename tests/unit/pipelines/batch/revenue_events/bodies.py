"""Bodies of webhooks as the vendors send them, cut down to what anybody could read."""

import json
from datetime import UTC, date, datetime
from typing import Any, Final

from pipelines.batch.run import Run

DAY: Final = date(2026, 3, 1)
AT: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECONDS: Final = int(AT.timestamp())
RUN: Final = Run("r", "s", "UTC", (DAY,), "test", 7, AT, AT)


def stripe(kind: str, thing: dict[str, Any], event_id: str = "evt_1", **more: Any) -> str:
    """Return an event of Stripe; `before` is what the thing was, `at` seconds after AT."""
    data = {"object": thing, "previous_attributes": more.pop("before", None)}
    at = SECONDS + more.pop("at", 0)
    return json.dumps({"id": event_id, "type": kind, "created": at, "data": data, **more})


def paddle(kind: str, thing: dict[str, Any], event_id: str = "ntf_1") -> str:
    at = "2026-03-01T12:00:00.123456Z"
    told = {"event_id": event_id, "event_type": kind, "occurred_at": at, "data": thing}
    return json.dumps(told)


def webhook(body: str | None, vendor: str = "stripe", event_id: str = "evt_1") -> dict[str, Any]:
    """Return a row of webhooks.sql."""
    row = {"event_id": event_id, "vendor": vendor, "body": body}
    return {**row, "local_date": DAY, "event_at": AT}


def checkout(**more: Any) -> dict[str, Any]:
    return {
        "id": "cs_1",
        "mode": "payment",
        "payment_status": "paid",
        "payment_intent": "pi_1",
        "customer": None,
        "customer_details": {"email": " Ann@Example.COM "},
        "client_reference_id": "visitor-1",
        "amount_total": 1999,
        "currency": "eur",
        **more,
    }


def invoice(**more: Any) -> dict[str, Any]:
    return {
        "id": "in_1",
        "customer": "cus_1",
        "customer_email": "ann@example.com",
        "subscription": "sub_1",
        "payment_intent": "pi_2",
        "amount_paid": 2900,
        "amount_due": 2900,
        "attempt_count": 1,
        "currency": "usd",
        **more,
    }


def charge(amount_refunded: int, **more: Any) -> dict[str, Any]:
    return {
        "id": "ch_1",
        "customer": "cus_1",
        "payment_intent": "pi_2",
        "amount": 2900,
        "amount_refunded": amount_refunded,
        "currency": "usd",
        "billing_details": {"email": None},
        **more,
    }


def price(amount: int | None, interval: str = "month", every: int = 1, **more: Any) -> Any:
    recurring = {"interval": interval, "interval_count": every, "usage_type": "licensed"}
    recurring |= more.pop("recurring", {})
    text = None if amount is None else str(amount)
    own = {"id": "price_1", "unit_amount": amount, "unit_amount_decimal": text}
    return {**own, "recurring": recurring, **more}


def subscription(*items: tuple[Any, int], status: str = "active", **more: Any) -> dict[str, Any]:
    data = [{"price": priced, "quantity": quantity} for priced, quantity in items]
    own = {"id": "sub_1", "customer": "cus_1", "status": status, "currency": "usd"}
    return {**own, "items": {"object": "list", "data": data}, **more}
