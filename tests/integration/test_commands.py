"""The command's verbs on a home that runs: what they change, and what they refuse."""

import csv
import io
import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from pipelines.flink_jobs.runner import JOB_NAMES
from schemas.load import RULES
from tests.integration.commands import post
from tests.integration.stack import Stack, TestSite
from tests.load.bench_freshness import ids_in_sql, page_view, send, wait_in_sql


@pytest.fixture
def name() -> str:
    return f"verbs-{uuid.uuid4().hex[:8]}"


def listed(stack: Stack, *words: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(stack.headwater(*words, "--output", "json").stdout)
    return rows


def test_a_site_is_created_once_and_listed(stack: Stack, name: str) -> None:
    words = ("sites", "create", name, "--timezone", "Asia/Tokyo", "--host", "WWW.Example.com")
    assert stack.headwater(*words, "--retention", "30").stdout == f"{name}\n"
    (site,) = [row for row in listed(stack, "sites", "list") if row["site_id"] == name]
    assert site["timezone"] == "Asia/Tokyo"
    assert site["allowed_hosts"] == "www.example.com"
    assert site["retention"] == "30 days"
    again = stack.headwater(*words, check=False)
    assert (again.returncode, again.stdout) == (1, "")
    assert "exists already" in again.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("sites", "create", "My Site"), "is not a site id"),
        (("sites", "create", "ok", "--timezone", "Mars/Olympus"), "is not a time zone"),
        (("sites", "create", "ok", "--host", "https://a.example"), "is not a host name"),
    ],
)
def test_a_site_that_cannot_be_is_a_usage_fault(
    stack: Stack, words: tuple[str, ...], told: str
) -> None:
    done = stack.headwater(*words, check=False)
    assert done.returncode == 2
    assert told in done.stderr
    assert "fix:" in done.stderr


def test_channel_rules_of_a_site_are_set_shown_and_taken_back(
    stack: Stack, name: str, tmp_path: Path
) -> None:
    stack.headwater("sites", "create", name)
    file = tmp_path / "rules.toml"
    file.write_text('[[channels]]\nchannel = "Partners"\nmedium_matches = "("\n')
    wrong = stack.headwater("sites", "channels", name, "--file", str(file), check=False)
    assert wrong.returncode == 2
    assert "channels[1]: medium_matches: '(' is no regular expression" in wrong.stderr
    file.write_text('[[channels]]\nchannel = "Partners"\nsource = ["acme"]\n')
    done = stack.headwater("sites", "channels", name, "--file", str(file))
    assert f"headwater backfill --site {name}" in done.stderr
    rules = listed(stack, "sites", "channels", name)
    assert rules == [{"channel": "Partners", "when": "source = ['acme']"}]
    stack.headwater("sites", "channels", name, "--none")
    assert listed(stack, "sites", "channels", name) == []


def test_a_key_works_until_it_is_revoked(stack: Stack, name: str) -> None:
    stack.headwater("sites", "create", name)
    key = stack.headwater("keys", "create", "--site", name, "--kind", "pub").stdout.strip()
    site = TestSite(name, key, "", "")
    send(stack, site, page_view("before"))
    (row,) = listed(stack, "keys", "list", "--site", name)
    assert key.startswith(row["prefix"])
    assert key not in str(row)
    stack.headwater("keys", "revoke", row["key_id"])
    assert listed(stack, "keys", "list", "--site", name)[0]["state"] == "revoked"
    body = {"writeKey": key, "batch": [page_view("after")]}
    stack.wait_until(
        "the key is refused", lambda: post(stack.url("edge"), "/v1/batch", body)[0] == 401
    )


def test_sql_writes_rows_as_asked(stack: Stack) -> None:
    sql = "SELECT * FROM (VALUES (1, 'a,b', NULL, true)) AS t (n, text, nothing, yes);"
    assert listed(stack, "sql", sql) == [{"n": 1, "text": "a,b", "nothing": None, "yes": True}]
    text = stack.headwater("sql", sql, "--output", "csv").stdout
    assert list(csv.reader(io.StringIO(text))) == [
        ["n", "text", "nothing", "yes"],
        ["1", "a,b", "", "true"],
    ]
    assert "a,b" in stack.headwater("sql", sql).stdout


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELEC 1", "SYNTAX_ERROR"),
        ("SELECT * FROM absent", "TABLE_NOT_FOUND"),
        ("DELETE FROM lake.web.events", "Access Denied"),
        ("DROP VIEW lake.analytics.events", "Access Denied"),
        ("CREATE TABLE lake.web.mine (a integer)", "Access Denied"),
    ],
)
def test_sql_that_is_wrong_or_writes_is_refused(stack: Stack, sql: str, told: str) -> None:
    done = stack.headwater("sql", sql, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_days_of_an_unknown_site_are_not_restated(stack: Stack) -> None:
    words = ("restate", "--site", "absent", "--dates", "2026-01-01")
    done = stack.headwater(*words, check=False)
    assert done.returncode == 1
    assert "There is no site 'absent'" in done.stderr


def test_jobs_tell_how_they_keep_up(stack: Stack) -> None:
    def known() -> dict[str, Any] | None:
        rows = {row["name"]: row for row in listed(stack, "jobs", "list")}
        wanted = ("lag_records", "watermark_delay_s", "checkpoint_age_s", "restarts")
        told = [rows["sessionize_events"][column] for column in wanted]
        return rows if None not in told else None

    rows = stack.wait_until("all numbers", known, 60)
    # Event time ends where the broker's time of arrival was some seconds ago.
    assert rows["sessionize_events"]["watermark_delay_s"] >= RULES.delivery.watermark_delay_seconds
    assert rows["collect_events"]["watermark_delay_s"] is None


@pytest.mark.slow
def test_jobs_started_again_lose_and_double_nothing(stack: Stack, name: str) -> None:
    site = stack.make_site(name)
    send(stack, site, page_view("before"))
    wait_in_sql(stack, site, "before")
    old = {row["name"]: row["job_id"] for row in listed(stack, "jobs", "list")}
    send(stack, site, page_view("meanwhile"))
    stack.headwater("jobs", "restart", timeout=400)
    send(stack, site, page_view("before"), page_view("meanwhile"), page_view("after"))
    wait_in_sql(stack, site, "after")
    assert ids_in_sql(stack, site) == ["after", "before", "meanwhile"]
    new = {row["name"]: row["job_id"] for row in listed(stack, "jobs", "list")}
    assert new.keys() == old.keys() == set(JOB_NAMES)
    assert not set(new.values()) & set(old.values())
