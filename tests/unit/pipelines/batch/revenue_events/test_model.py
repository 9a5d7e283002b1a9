"""Rows of web.revenue_events: one a fact, whatever came how often in which order."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyiceberg.catalog.sql import SqlCatalog

from pipelines.batch.revenue_events.facts import Kind
from pipelines.batch.revenue_events.model import VENDORS, rows, rows_of
from pipelines.lake.appending import append_rows
from pipelines.lake.tables import create
from schemas.load import RECORDS, RULES, TABLES
from tests.unit.pipelines.batch.revenue_events.bodies import (
    DAY,
    RUN,
    charge,
    checkout,
    invoice,
    paddle,
    stripe,
    webhook,
)


def test_a_row_has_dollars_by_the_rate_of_its_day() -> None:
    (row,) = rows_of(RUN, [webhook(stripe("checkout.session.completed", checkout()))])
    rate = RULES.currencies.rates[-1].usd["EUR"]
    assert row["revenue_usd_amount"] == (Decimal("19.99") * rate).quantize(Decimal("0.0001"))
    assert (row["site_id"], row["local_date"], row["run_id"]) == ("s", DAY, "r")
    assert (row["vendor"], row["event_id"]) == ("stripe", "evt_1")


def test_a_currency_without_a_rate_has_no_dollars() -> None:
    body = stripe("checkout.session.completed", checkout(currency="xpf"))
    (row,) = rows_of(RUN, [webhook(body)])
    assert (row["revenue_amount"], row["revenue_usd_amount"]) == (Decimal(1999), None)


def test_a_fact_told_twice_has_the_row_of_the_earlier() -> None:
    again = stripe("invoice.paid", invoice(), "evt_2", at=5)
    told = [webhook(again, event_id="evt_2"), webhook(stripe("invoice.paid", invoice()))]
    assert [row["event_id"] for row in rows_of(RUN, told)] == ["evt_1"]


def test_a_refund_that_comes_before_its_payment() -> None:
    refund = webhook(stripe("charge.refunded", charge(2900), "evt_0"), event_id="evt_0")
    paid = webhook(stripe("invoice.paid", invoice()))
    assert _plain(rows_of(RUN, [refund, paid])) == _plain(rows_of(RUN, [paid, refund]))
    assert sum(row["revenue_amount"] for row in rows_of(RUN, [refund, paid])) == 0


@pytest.mark.parametrize(
    ("told", "fault"),
    [
        (webhook('{"data":{}}', "lemonsqueezy"), "webhooks of lemonsqueezy are kept, but nothing"),
        (webhook("[]"), "the body is no object"),
        (webhook(None), "the body is no JSON"),
        (webhook('{"type":'), "the body is no JSON"),
        (webhook("[" * 100_000), "the body is no JSON"),
    ],
)
def test_nothing_is_lost_in_silence(told: dict[str, Any], fault: str) -> None:
    (row,) = rows_of(RUN, [told])
    assert (row["kind"], row["revenue_amount"]) == ("unreadable", None)
    assert row["fault"].startswith(fault)


def test_vendors_that_are_read_are_those_of_the_rules() -> None:
    assert VENDORS.keys() == RULES.revenue.vendors.keys()
    assert VENDORS.keys() <= set(RULES.edge.webhooks.vendors)


def test_kinds_are_those_of_the_record() -> None:
    assert tuple(RECORDS["revenue_event"].field("kind").symbols) == tuple(Kind)


def test_the_table_takes_the_rows(tmp_path: Path) -> None:
    def ask(path: Path, more: object) -> list[dict[str, Any]]:
        assert (path.stem, more) == ("webhooks", {})
        paid = paddle("transaction.payment_failed", {"id": "txn_1"})
        return [webhook(stripe("invoice.paid", invoice())), webhook(paid, "paddle", "ntf_1")]

    iceberg = SqlCatalog("lake", uri="sqlite:///:memory:", warehouse=tmp_path.as_uri())
    iceberg.create_namespace("web")
    create(iceberg, TABLES["revenue_events"], RECORDS["revenue_event"])
    (made,) = rows(RUN, ask)
    append_rows(iceberg, "revenue_events", made)
    found = iceberg.load_table("web.revenue_events").scan().to_arrow().to_pylist()
    assert found == [{name: row[name] for name in found[0]} for row in made]
    assert {row["kind"] for row in found} == {"subscription", "failed_payment"}


def _plain(found: list[dict[str, Any]]) -> list[str]:
    return sorted(map(repr, found))
