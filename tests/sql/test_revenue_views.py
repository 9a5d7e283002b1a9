"""What is made of the facts that payment vendors told: cases by hand, and a law.

A case is a folder `<view>/<case>/` and a site of its own:
- facts.yaml: rows of web.revenue_events, one run a day.
- days.yaml (may be absent): rows of web.daily_site, and days without a fact.
- expect.yaml: all rows of the view; only the columns named are compared.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest
import yaml

from pipelines.batch.restate import Lake
from schemas.load import RECORDS
from tests.sql.rows import RUN, day_run, fact, insert

FOLDER: Final = Path(__file__).parent
VIEWS: Final = ("revenue_facts", "mrr_movements", "mrr", "daily_revenue", "revenue_cohorts")
CASES: Final = [
    path.parent for view in VIEWS for path in sorted((FOLDER / view).glob("*/facts.yaml"))
]
COUNTS: Final = {
    field.name: 0 for field in RECORDS["daily_site"].fields if field.name.endswith(("count", "_ms"))
}
SEED: Final = 31


def site_of(case: Path) -> str:
    return f"{RUN}-{case.parent.name}-{case.name}".replace("_", "-")


def read(path: Path) -> list[dict[str, Any]]:
    return yaml.safe_load(path.read_text("utf-8")) if path.exists() else []


def facts_of(case: Path) -> list[dict[str, Any]]:
    rows = [fact(site_id=site_of(case), **row) for row in read(case / "facts.yaml")]
    return [{name: exact(name, value) for name, value in row.items()} for row in rows]


def days_of(case: Path) -> list[dict[str, Any]]:
    own = {"site_id": site_of(case), "run_id": "r", "revenue_usd_amount": 0}
    return [{**COUNTS, **own, **row} for row in read(case / "days.yaml")]


def exact(name: str, value: Any) -> Any:
    is_money = name.endswith("_amount") and value is not None
    return Decimal(str(value)) if is_money else value


def runs_of(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    days = {(row["site_id"], row["local_date"]) for row in rows}
    return [day_run(site, day) for site, day in sorted(days)]


@pytest.fixture(scope="module")
def told(lake: Lake) -> Lake:
    """Return the lake with the facts of all cases and of the made history in it."""
    facts, days = (
        [row for c in CASES for row in facts_of(c)],
        [r for c in CASES for r in days_of(c)],
    )
    facts += made_history()
    insert(lake.trino, "revenue_events", facts)
    insert(lake.trino, "daily_site", days)
    insert(lake.trino, "day_runs", runs_of(facts + days))
    return lake


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_case(told: Lake, case: Path) -> None:
    expected = read(case / "expect.yaml")
    names = sorted({name for row in expected for name in row})
    where = f"WHERE site_id = '{site_of(case)}'"
    rows = told.trino.rows(f"SELECT * FROM lake.analytics.{case.parent.name} {where}")
    found = [{name: plain(row[name]) for name in names} for row in rows]
    wanted = [{name: plain(exact(name, row.get(name))) for name in names} for row in expected]
    assert sorted(map(repr, found)) == sorted(map(repr, wanted))


def plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Decimal):
        return str(value.quantize(Decimal("0.0001")))
    return value.isoformat() if isinstance(value, date) else value


MADE: Final = f"{RUN}-made-history"
DAYS: Final = [date(2026, 3, 1) + timedelta(days=n) for n in range(8)]


def made_history() -> list[dict[str, Any]]:
    """Return 200 changes of 30 subscriptions of 12 customers, shuffled; some told twice."""
    rng = Random(SEED)
    rows = []
    for number in range(200):
        subscription = rng.randrange(30)
        at = datetime.combine(rng.choice(DAYS), datetime.min.time(), UTC)
        mrr = Decimal(rng.choice((0, 0, 10, 10, 20, 35)))
        rows.append(
            fact(
                site_id=MADE,
                fact_id=f"f{number}",
                occurred_at=at + timedelta(hours=rng.randrange(5)),
                fact_step=rng.randrange(3),
                customer_id=f"c{subscription % 12}",
                subscription_id=f"s{subscription}",
                currency="EUR",
                mrr_amount=mrr,
                mrr_usd_amount=mrr * rng.choice((1, 2)),
            )
        )
    copies = rng.sample(rows, 20)
    rows += [{**row, "event_id": "later", "local_date": DAYS[-1]} for row in copies]
    rng.shuffle(rows)
    return rows


def worths(history: list[dict[str, Any]], day: date) -> dict[str, dict[str, Decimal]]:
    """Return by customer and subscription what it is worth in dollars at the end of a day."""
    found: dict[str, dict[str, Decimal]] = defaultdict(dict)
    order = sorted(history, key=lambda r: (r["occurred_at"], r["fact_step"], r["fact_id"]))
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    for row in order:
        mine = row["subscription_id"]
        if row["local_date"] <= day and row["mrr_amount"] != amounts[mine]:
            amounts[mine] = row["mrr_amount"]
            found[row["customer_id"]][mine] = row["mrr_usd_amount"]
    return found


def test_movements_to_date_are_the_mrr_of_that_day(told: Lake) -> None:
    history = [row for row in made_history() if row["event_id"] != "later"]
    rows = told.trino.rows(
        f"SELECT * FROM lake.analytics.mrr WHERE site_id = '{MADE}' ORDER BY local_date"
    )
    assert [row["local_date"] for row in rows] == DAYS
    sums = Decimal(0)
    for row in rows:
        worth = {c: sum(of.values()) for c, of in worths(history, row["local_date"]).items()}
        kinds = ("new", "reactivation", "expansion", "contraction", "churn")
        sums += sum(row[f"{kind}_usd_amount"] for kind in kinds)
        assert row["mrr_usd_amount"] == sum(worth.values()) == sums
        assert row["customer_count"] == len([c for c in worth.values() if c])


def test_a_customer_is_new_once_and_comes_back_after_leaving(told: Lake) -> None:
    rows = told.trino.rows(f"SELECT * FROM lake.analytics.mrr_movements WHERE site_id = '{MADE}'")
    kinds: dict[str, list[str]] = defaultdict(list)
    steps = {row["fact_id"]: row["fact_step"] for row in made_history()}
    for row in sorted(rows, key=lambda r: (r["occurred_at"], steps[r["fact_id"]], r["fact_id"])):
        kinds[row["customer_id"]].append(row["kind"])
    for told_kinds in kinds.values():
        turns = [k for k in told_kinds if k in ("new", "reactivation", "churn")]
        assert turns[0] == "new"
        assert turns[1::2] == ["churn"] * len(turns[1::2])
        assert turns[2::2] == ["reactivation"] * len(turns[2::2])
    assert {kind for some in kinds.values() for kind in some} >= {"expansion", "contraction"}
