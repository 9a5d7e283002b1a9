"""The cookbook's questions, asked of a site with a day of its own."""

import secrets
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import pytest

from pipelines.batch.restate import Lake, restate
from schemas.load import RECORDS
from tests.sql.cookbook import FOLDER, queries
from tests.sql.rows import add_site, event, insert

PAGES: Final = sorted(page.name for page in FOLDER.glob("*.md") if page.name != "README.md")
MODELS: Final = RECORDS["attribution"].field("model").symbols


@pytest.fixture(scope="module")
def site(lake: Lake) -> str:
    site_id = f"cookbook-{secrets.token_hex(3)}"
    add_site(lake.trino, site_id)
    email = {"source": "news", "medium": "email", "channel": "Email"}
    bought = {"event_name": "purchase", "is_conversion": True, "revenue_usd_amount": 8}
    rows: list[dict[str, Any]] = [
        {"visitor_id": "v", "event_at": datetime(2026, 3, 1, 10, tzinfo=UTC), **email},
        {"visitor_id": "v", "event_at": datetime(2026, 3, 1, 12, tzinfo=UTC)},
        {"visitor_id": "v", "event_at": datetime(2026, 3, 1, 12, 5, tzinfo=UTC), **bought},
        {"event_at": datetime(2026, 3, 1, 13, tzinfo=UTC), "sender": "server", **bought},
    ]
    insert(lake.trino, "events", [event(site_id=site_id, **row) for row in rows])
    restate(lake, site_id, [date(2026, 3, 1)], "test")
    return site_id


@pytest.mark.parametrize("page", PAGES)
def test_every_question_can_be_asked(lake: Lake, site: str, page: str) -> None:
    for query in queries(page, site):
        lake.trino.rows(query)


def test_the_first_page_lists_the_others() -> None:
    contents = (FOLDER / "README.md").read_text("utf-8")
    assert [page for page in PAGES if f"({page})" not in contents] == []


def test_models_beside_each_other_have_one_total(lake: Lake, site: str) -> None:
    found = lake.trino.rows(queries("attribution.md", site)[0])
    assert [row["channel"] for row in found] == ["Direct", "no touch", "Email"]
    for model in MODELS:
        assert sum(row[model] or 0 for row in found) == 2
    assert sum(row["shapley_usd"] for row in found) == Decimal(16)
