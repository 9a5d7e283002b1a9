"""Deploying a job under load: nothing to do, forward, and back; nothing lost or doubled."""

import json
import secrets
import shutil
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from pipelines.flink_jobs import launches
from pipelines.flink_jobs.runner import FOLDER, JOB_NAMES
from tests.integration.edge_topics import records
from tests.integration.ledger import Load
from tests.integration.stack import Stack

JOB: Final = "collect_events"
RATE: Final = 50
BETWEEN: Final = 100  # events around each change
SETTING: Final = '[settings]\n"restart-strategy.exponential-delay.max-backoff" = "20 s"\n'
# A filter that Flink can plan and that fails with the first record.
FAULT: Final = "WHERE record_kind = 'event' AND CAST(topic_name AS INT) > 0 AND topic_offset"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return job folders of one's own, which `headwater jobs deploy` takes for the checkout's."""
    jobs = tmp_path / "jobs"
    shutil.copytree(FOLDER, jobs, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    monkeypatch.setenv("HEADWATER_JOBS", str(jobs))
    return jobs / JOB


def change(file: Path, before: str, after: str) -> None:
    text = file.read_text("utf-8")
    assert before in text
    file.write_text(text.replace(before, after), "utf-8")


def test_deploy_forward_and_back(stack: Stack, checkout: Path) -> None:
    unchanged = stack.headwater("jobs", "deploy", "--dry-run").stdout
    assert unchanged.count("nothing to do") == len(JOB_NAMES)

    site = stack.make_site(f"deploy-{secrets.token_hex(4)}")
    with Load(stack, site, RATE) as load:
        load.wait_for(BETWEEN)
        change(checkout / "job.toml", "[settings]\n", SETTING)
        done = stack.headwater("jobs", "deploy", JOB, "--yes")
        assert "state: compatible" in done.stdout
        newest = launches.read(stack.home, JOB)[-1]
        assert f"{JOB} {newest.job_id}" in done.stdout
        assert newest.restored is not None
        assert "savepoint" in newest.restored.path

        load.wait_for(BETWEEN)
        change(checkout / "job.sql", "WHERE record_kind = 'event' AND topic_offset", FAULT)
        failed = stack.headwater("jobs", "deploy", JOB, "--yes", check=False)
        assert failed.returncode == 1, failed.stderr
        assert "state: not compatible" in failed.stdout
        assert "runs again" in failed.stderr
        assert launches.read(stack.home, JOB)[-1].version == newest.version
        load.wait_for(BETWEEN)

    assert_once(stack, load)


def assert_once(stack: Stack, load: Load) -> None:
    """Wait until every acknowledged event is a row; it is one row and one record passed on."""
    query = f"SELECT event_id, is_late FROM lake.web.events WHERE site_id = '{load.site.site_id}'"
    acknowledged = load.ledger.acknowledged
    stack.wait_until(
        "every acknowledged event is a row",
        lambda: acknowledged <= {row[0] for row in stack.sql(query)},
        120,
    )
    rows = stack.sql(query)
    assert max(Counter(row[0] for row in rows).values()) == 1
    on_time = {event_id for event_id, is_late in rows if not is_late}

    def passed_on() -> Counter[str]:
        found = [json.loads(one.value) for one in records(stack, "unique-events", committed=True)]
        return Counter(each["event_id"] for each in found if each["site_id"] == load.site.site_id)

    stack.wait_until("all on time are passed on", lambda: on_time <= set(passed_on()), 60)
    assert passed_on() == Counter(on_time)
