"""Who may do what in SQL: people read, tenants read their own site, nobody else writes."""

from uuid import uuid4

import pytest
from trino.exceptions import TrinoUserError

from tests.integration.commands import post
from tests.integration.stack import Stack, TestSite


@pytest.fixture(scope="module")
def two_sites(stack: Stack) -> tuple[TestSite, TestSite]:
    """Return two sites with one event each, readable in SQL."""
    run = uuid4().hex[:6]
    pair = stack.make_site(f"tenant-a-{run}"), stack.make_site(f"tenant-b-{run}")
    for site in pair:
        _send(stack, site)
    listed = ", ".join(f"'{site.site_id}'" for site in pair)
    question = f"SELECT count(*) FROM analytics.events WHERE site_id IN ({listed})"
    stack.wait_until("both events are readable", lambda: stack.sql(question) == [(2,)], seconds=90)
    return pair


def _send(stack: Stack, site: TestSite) -> None:
    event = {"type": "track", "event": "signed_up", "messageId": uuid4().hex, "anonymousId": "v1"}
    body = {"writeKey": site.secret_key, "batch": [event]}
    stack.wait_until(  # the edge learns of a new key within seconds
        f"the edge takes an event of {site.site_id}",
        lambda: post(stack.url("edge"), "/v1/batch", body)[0] == 200,
        seconds=30,
    )


def test_a_tenant_sees_its_own_site_only(
    stack: Stack, two_sites: tuple[TestSite, TestSite]
) -> None:
    mine, _ = two_sites
    seen = stack.sql("SELECT DISTINCT site_id FROM analytics.events", user=f"tenant_{mine.site_id}")
    assert seen == [(mine.site_id,)]


def test_a_reader_sees_all_sites(stack: Stack, two_sites: tuple[TestSite, TestSite]) -> None:
    seen = stack.sql("SELECT DISTINCT site_id FROM analytics.events", user="reader")
    assert {(site.site_id,) for site in two_sites} <= set(seen)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM web.events",
        "INSERT INTO web.sites (site_id) VALUES ('x')",
        "UPDATE web.sites SET timezone = 'UTC'",
        "DROP TABLE web.events",
        "DROP VIEW analytics.events",
        "CREATE TABLE web.mine (a bigint)",
        "CREATE VIEW analytics.mine AS SELECT 1 AS a",
        "CREATE SCHEMA lake.mine",
    ],
)
@pytest.mark.parametrize("user", ["reader", "tenant_someone"])
def test_people_may_not_write(stack: Stack, user: str, statement: str) -> None:
    with pytest.raises(TrinoUserError, match="Access Denied"):
        stack.sql(statement, user=user)


@pytest.mark.parametrize("user", ["reader", "tenant_someone"])
@pytest.mark.parametrize(
    "care",
    ["optimize", "expire_snapshots(retention_threshold => '7d')"],
    ids=["optimize", "expire"],
)
def test_people_may_not_rewrite_tables(stack: Stack, user: str, care: str) -> None:
    """Trino asks no rule before EXECUTE; a row filter, even `true`, is what stops it."""
    with pytest.raises(TrinoUserError, match="not supported for table with row filter"):
        stack.sql(f"ALTER TABLE web.events EXECUTE {care}", user=user)


def test_a_tenant_may_not_go_around_the_views(
    stack: Stack, two_sites: tuple[TestSite, TestSite]
) -> None:
    mine, _ = two_sites
    seen = stack.sql("SELECT DISTINCT site_id FROM web.events", user=f"tenant_{mine.site_id}")
    assert seen == [(mine.site_id,)]


@pytest.mark.parametrize("table", ["stream_progress", "dead_letters", '"events$files"'])
def test_a_tenant_may_not_read_what_has_no_site(stack: Stack, table: str) -> None:
    with pytest.raises(TrinoUserError, match="Access Denied"):
        stack.sql(f"SELECT * FROM web.{table} LIMIT 1", user="tenant_someone")


def test_a_tenant_of_no_site_sees_nothing(
    stack: Stack, two_sites: tuple[TestSite, TestSite]
) -> None:
    assert stack.sql("SELECT count(*) FROM analytics.events", user="tenant_nobody") == [(0,)]


def test_a_stranger_may_nothing(stack: Stack) -> None:
    with pytest.raises(TrinoUserError, match="Access Denied"):
        stack.sql("SELECT * FROM analytics.events LIMIT 1", user="stranger")


def test_nobody_sees_the_queries_of_others(stack: Stack) -> None:
    with pytest.raises(TrinoUserError, match="Access Denied"):
        stack.sql("SELECT query FROM system.runtime.queries", user="tenant_someone")


@pytest.mark.parametrize("user", ["reader", "tenant_someone"])
def test_tools_find_tables_and_columns(stack: Stack, user: str) -> None:
    columns = (
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = 'analytics' AND table_name = 'events'"
    )
    assert ("site_id",) in stack.sql(columns, user=user)
