"""Rows that Python made become rows of a table, on a catalog in memory."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pyiceberg.catalog.sql import SqlCatalog

from pipelines.lake.appending import append_rows, refuse_to_append
from pipelines.lake.errors import LakeError
from pipelines.lake.tables import create
from schemas.load import RECORDS, TABLES

AT = datetime(2026, 3, 1, 10, tzinfo=UTC)
ROW = {
    "site_id": "s",
    "local_date": date(2026, 3, 1),
    "run_id": "r",
    "event_id": "e",
    "event_name": "purchase",
    "event_at": AT,
    "sender": "server",
    "revenue_amount": Decimal("9.9900"),
    "is_bot": False,
    "touch_count": 0,
    "touch_digest": "",
}


@pytest.fixture
def catalog(tmp_path: Path) -> SqlCatalog:
    catalog = SqlCatalog("lake", uri="sqlite:///:memory:", warehouse=tmp_path.as_uri())
    catalog.create_namespace("web")
    create(catalog, TABLES["conversions"], RECORDS["conversion"])
    return catalog


def test_rows_are_one_commit_and_come_back_as_they_were(catalog: SqlCatalog) -> None:
    append_rows(catalog, "conversions", [ROW, {**ROW, "event_id": "f", "revenue_amount": None}])
    table = catalog.load_table("web.conversions")
    found = sorted(table.scan().to_arrow().to_pylist(), key=lambda row: row["event_id"])
    assert {name: found[0][name] for name in ROW} == ROW
    assert found[0]["visitor_id"] is None
    assert found[1]["revenue_amount"] is None
    assert len(table.snapshots()) == 1


def test_no_rows_are_no_commit(catalog: SqlCatalog) -> None:
    append_rows(catalog, "conversions", [])
    assert not catalog.load_table("web.conversions").snapshots()


def test_a_required_column_may_not_be_left_out(catalog: SqlCatalog) -> None:
    with pytest.raises(ValueError, match="site_id"):
        append_rows(catalog, "conversions", [{**ROW, "site_id": None}])


def test_without_a_catalog_rows_are_not_lost_in_silence() -> None:
    refuse_to_append("conversions", [])
    with pytest.raises(LakeError, match=r"web\.conversions"):
        refuse_to_append("conversions", [ROW])
