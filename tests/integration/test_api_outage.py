"""What the API says while Trino or Postgres does not answer."""

import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from random import Random
from typing import Any

import httpx
import pytest

from tests.integration import lake_rows
from tests.integration.stack import Stack, TestSite

ASKED = {"metrics": ["events"], "date_range": ["2026-10-01", "2026-10-31"]}


@pytest.fixture(scope="module")
def site(stack: Stack) -> TestSite:
    made = stack.make_site(f"outage-{uuid.uuid4().hex[:8]}")
    lake_rows.put(stack, lake_rows.make(made.site_id, "UTC", [date(2026, 10, 10)], 6, Random(4)))
    return made


@pytest.fixture(scope="module")
def client(stack: Stack, site: TestSite) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {site.api_key}"}
    with httpx.Client(base_url=stack.url("serving"), headers=headers, timeout=60) as one:
        yield one


def ask(client: httpx.Client, site: TestSite, **fields: Any) -> httpx.Response:
    return client.post("/api/v1/query", json={"site": site.site_id} | ASKED | fields)


def fill_the_pool(client: httpx.Client) -> None:
    """Leave the API with connections that were fine a moment ago."""

    def ask_as_a_stranger(number: int) -> int:
        headers = {"Authorization": f"Bearer hw_api_{number}"}
        return client.get("/api/v1/metrics", headers=headers).status_code

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(ask_as_a_stranger, range(16))) == {401}


def test_figures_outlive_trino_with_their_age(
    stack: Stack, site: TestSite, client: httpx.Client
) -> None:
    before = ask(client, site).json()
    time.sleep(5.1)  # the next bucket: what is asked now is asked of Trino again
    with stack.frozen("trino"):
        started = time.monotonic()
        found = ask(client, site)
        waited = time.monotonic() - started
        fresh = ask(client, site, metrics=["sessions"])
    assert found.status_code == 200, found.text
    assert found.json()["totals"] == before["totals"]
    assert found.json()["meta"]["stale"] is True
    assert found.json()["meta"]["warnings"]
    assert "etag" not in found.headers
    assert waited < 15
    assert fresh.status_code == 503
    assert fresh.headers["content-type"] == "application/problem+json"
    assert int(fresh.headers["retry-after"]) > 0


def test_answers_are_whole_again_when_trino_is_back(
    stack: Stack, site: TestSite, client: httpx.Client
) -> None:
    def answered() -> bool:
        found = ask(client, site)
        return found.status_code == 200 and not found.json()["meta"]["stale"]

    stack.wait_until("figures are fresh again", answered, seconds=90, pause=1)


def test_known_callers_are_served_while_postgres_is_away(
    stack: Stack, site: TestSite, client: httpx.Client
) -> None:
    assert ask(client, site).status_code == 200
    fill_the_pool(client)
    with stack.frozen("postgres"):
        time.sleep(5.1)  # the callers' names are no longer fresh
        known = client.get("/api/v1/metrics")
        unknown = client.get("/api/v1/metrics", headers={"Authorization": "Bearer hw_api_x"})
    assert known.status_code == 200
    assert unknown.status_code == 503
    assert unknown.json()["code"] == "control_unavailable"
