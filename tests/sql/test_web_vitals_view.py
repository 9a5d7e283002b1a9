"""Web vitals as the tracker sends them become rows; the cookbook's p75 of them is exact."""

import json
import random
import statistics
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from pipelines.batch.restate import Lake
from tests.sql.cookbook import queries
from tests.sql.rows import RUN, event, insert

SITE: Final = f"{RUN}-vitals"


def load(**columns: Any) -> dict[str, Any]:
    """Return a web_vitals event; `properties` is an object."""
    own = {"site_id": SITE, "event_at": datetime.now(UTC), "event_name": "web_vitals"}
    properties = json.dumps(columns.pop("properties"))
    return event(**{**own, "visitor_id": "v", "properties": properties, **columns})


def test_a_vital_is_a_row_with_its_rating(lake: Lake) -> None:
    sent = [
        {"lcp_ms": 2500, "cls": 0.25, "inp_ms": 501, "load_ms": 900},
        {"lcp_ms": 4000, "cls": 0, "fcp_ms": "1800.5"},
        # What no page has, or no number is.
        {"lcp_ms": -1, "cls": "NaN", "inp_ms": "Infinity", "fcp_ms": None, "ttfb_ms": [1], "x": 1},
    ]
    rows = [load(properties=one, page_view_id=f"p{n}") for n, one in enumerate(sent)]
    rows += [
        load(properties={}, page_view_id="p3") | {"properties": "no json"},
        load(properties={"lcp_ms": 1}, page_view_id="p4", event_name="page_view"),
    ]
    insert(lake.trino, "events", rows)
    found = lake.trino.rows(
        "SELECT page_view_id, vital, value, unit, rating FROM lake.analytics.web_vitals"
        f" WHERE site_id = '{SITE}' AND page_view_id LIKE 'p%' ORDER BY page_view_id, vital"
    )
    assert [tuple(row.values()) for row in found] == [
        ("p0", "cls", 0.25, "score", "needs_improvement"),
        ("p0", "inp", 501.0, "ms", "poor"),
        ("p0", "lcp", 2500.0, "ms", "good"),
        ("p0", "load", 900.0, "ms", None),
        ("p1", "cls", 0.0, "score", "good"),
        ("p1", "fcp", 1800.5, "ms", "needs_improvement"),
        ("p1", "lcp", 4000.0, "ms", "needs_improvement"),
    ]


def test_the_cookbooks_p75_is_exact(lake: Lake) -> None:
    site, random_of = f"{SITE}-p75", random.Random(7)
    values = {
        f"/{count}": [random_of.randint(1, 9000) for _ in range(count)]
        for count in (2, 3, 4, 5, 101)
    }
    # Of one value it is that value; of equal ones, too.
    values |= {"/1": [1234], "/same": [7, 7, 7, 7, 7, 7]}
    insert(
        lake.trino,
        "events",
        [
            load(site_id=site, page_path=page, properties={"lcp_ms": value, "cls": 0.1})
            for page, many in values.items()
            for value in many
        ],
    )
    p75, share = queries("web-vitals.md", site)
    rows = [row for row in lake.trino.rows(p75) if row["vital"] == "lcp"]
    found = {row["page_path"]: (row["loads"], row["p75"]) for row in rows}
    assert found.keys() == values.keys()
    for page, many in values.items():
        wanted = (
            statistics.quantiles(many, n=4, method="inclusive")[2] if many[1:] else float(many[0])
        )
        assert found[page] == (len(many), pytest.approx(wanted)), page
    good = {row["vital"]: row["good_share"] for row in lake.trino.rows(share)}
    everything = [value for many in values.values() for value in many]
    assert good == {
        "cls": 1,
        "lcp": pytest.approx(sum(value <= 2500 for value in everything) / len(everything)),
    }
