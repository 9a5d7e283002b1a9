"""web.revenue_events: webhooks of a run's days in, one row for each fact they tell out."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

from pipelines.batch.attribution.model import Ask
from pipelines.batch.revenue_events import paddle, stripe
from pipelines.batch.revenue_events.body import Body, Unreadable
from pipelines.batch.revenue_events.facts import Fact, Kind
from pipelines.batch.run import Run
from pipelines.enrich.money import usd_amount
from pipelines.lake.trino import Row

_FOLDER: Final = Path(__file__).parent
# Who can be read: a vendor is one file with this function. Others' webhooks are `unreadable` rows.
VENDORS: Final[Mapping[str, Callable[[Body], Iterator[Fact]]]] = {
    "stripe": stripe.facts,
    "paddle": paddle.facts,
}


def rows(run: Run, ask: Ask) -> Iterator[list[Row]]:
    """Yield the rows of web.revenue_events of all days of the run at once."""
    yield rows_of(run, ask(_FOLDER / "webhooks.sql", {}))


def rows_of(run: Run, webhooks: Iterable[Row]) -> list[Row]:
    """Return a row for each fact, whatever the order and number of the webhooks that tell it.

    Of two webhooks that tell one fact the earlier counts, of equal ones that of the smaller id.
    """
    found = [fact_row(run, webhook, fact) for webhook in webhooks for fact in facts_of(webhook)]
    found.sort(key=lambda row: (row["occurred_at"], row["event_id"]))
    first: dict[tuple[str, str], Row] = {}
    for row in found:
        first.setdefault((row["vendor"], row["fact_id"]), row)
    return list(first.values())


def facts_of(webhook: Row) -> list[Fact]:
    """Return what a webhook tells; what cannot be read is a fact that says why."""
    read = VENDORS.get(webhook["vendor"])
    try:
        if read is None:
            raise Unreadable(
                f"webhooks of {webhook['vendor']} are kept, but nothing reads them yet"
            )
        facts = list(read(Body.parse(webhook["body"] or "")))
        for fact in facts:
            _demand_sign(fact)
        return facts
    except Unreadable as error:
        event_id, at = webhook["event_id"], webhook["event_at"]
        return [Fact(Kind.UNREADABLE, event_id, at, fault=str(error))]


def fact_row(run: Run, webhook: Row, fact: Fact) -> Row:
    """Return the row of web.revenue_events of a fact that a webhook told."""
    day: date = webhook["local_date"]
    return {
        "site_id": run.site_id,
        "local_date": day,
        "run_id": run.run_id,
        "vendor": webhook["vendor"],
        "fact_id": fact.fact_id,
        "kind": fact.kind.value,
        "event_id": webhook["event_id"],
        "occurred_at": fact.occurred_at,
        "fact_step": fact.step,
        "customer_id": fact.customer_id,
        "subscription_id": fact.subscription_id,
        "payment_id": fact.payment_id,
        "client_reference_id": fact.client_reference_id,
        "email_hash": fact.email_hash,
        "revenue_amount": fact.revenue_amount,
        "currency": fact.currency,
        "revenue_usd_amount": _usd(fact.revenue_amount, fact.currency, day),
        "mrr_amount": fact.mrr_amount,
        "mrr_usd_amount": _usd(fact.mrr_amount, fact.currency, day),
        "fault": fact.fault,
    }


def _usd(amount: Decimal | None, currency: str | None, day: date) -> Decimal | None:
    return None if amount is None or currency is None else usd_amount(amount, currency, day)


def _demand_sign(fact: Fact) -> None:
    """Refuse a payment below 0 and a refund above: a total of such would mislead."""
    amount = fact.revenue_amount or Decimal(0)
    if amount > 0 if fact.kind is Kind.REFUND else amount < 0:
        raise Unreadable(
            f"{fact.kind} {fact.fact_id} of {amount} {fact.currency}: its sign is wrong"
        )
