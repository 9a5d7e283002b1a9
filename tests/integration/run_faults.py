"""What a release must survive under load, by the numbers that name such faults."""

import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest
from kafka import KafkaProducer

from pipelines.flink_jobs.runner import FOLDER, JOB_NAMES
from pipelines.lake.compaction import compact
from pipelines.lake.config import load_config
from pipelines.lake.errors import QueryFailed
from pipelines.lake.expiry import expire
from pipelines.lake.tables import open_catalog
from pipelines.lake.trino import Trino
from schemas.load import RULES, TABLES
from tests.integration.edge_topics import records
from tests.integration.ledger import Load
from tests.integration.ledger_checks import poison_records, put_raw
from tests.integration.stack import Stack, TestSite
from tests.integration.stream_home import PATIENCE_S, alive

FULL: Final = os.environ.get("HEADWATER_FAULTS_FULL") == "1"
MINUTES: Final = float(os.environ.get("HEADWATER_FAULTS_MINUTES") or ("30" if FULL else "10"))
RATE: Final = int(os.environ.get("HEADWATER_FAULTS_RUN_RATE", "500"))
# A broker is away for two minutes of ten, ten of thirty.
AWAY_S: Final = MINUTES * (20 if FULL else 12)
REPLAYED: Final = 5_000
# A visitor with this many events beside the others: far more than tags a flood.
FLOOD: Final = 10 * RULES.delivery.flood_events_per_hour
# Of no meaning to what a job does, so that its state survives the change.
SETTING: Final = '[settings]\n"restart-strategy.exponential-delay.max-backoff" = "20 s"\n'
SMALL: Final = 500  # events of a site that is restated while Flink writes


@dataclass
class Hurt:
    """A home that is hurt, the site that is loaded, and what the faults themselves have sent."""

    home: Stack
    site: TestSite
    poison: str = field(default_factory=lambda: f"poison-{secrets.token_hex(8)}")
    floods: list[Load] = field(default_factory=list)
    restated: list[Load] = field(default_factory=list)


Fault = Callable[[Hurt], None]


def _kill(component: str, hurt: Hurt) -> None:
    hurt.home.kill(component)


def _freeze_broker(hurt: Hurt) -> None:
    """Let the broker answer nobody for a while; the edge goes on alone."""
    with hurt.home.frozen("kafka"):
        time.sleep(AWAY_S)


def _put_poison(hurt: Hurt) -> None:
    put_raw(hurt.home, poison_records(hurt.poison))


def _replay_topic(hurt: Hurt) -> None:
    """Put some thousand records into the topic again, as a mirror does that lost its place."""
    bootstrap = hurt.home.environment["HEADWATER_KAFKA_BOOTSTRAP"]
    producer = KafkaProducer(bootstrap_servers=bootstrap)
    site = hurt.site.site_id.encode()
    own = [one for one in records(hurt.home, "events") if site in (one.key or b"")]
    for one in own[-REPLAYED:]:
        producer.send("events", one.value, one.key, one.headers, one.partition)
    producer.flush(60)
    producer.close()


def _flood(hurt: Hurt) -> None:
    """Let one visitor do more than all others; what passes the limit is tagged and still kept."""
    with Load(hurt.home, hurt.site, 10 * RATE, name="flood-", visitors=1) as load:
        load.wait_for(FLOOD, PATIENCE_S)
    hurt.floods.append(load)


def _care_for_tables(hurt: Hurt) -> None:
    """Restate a site's day, rewrite small files and forget snapshots while Flink commits."""
    small = hurt.home.make_site(f"restated-{secrets.token_hex(4)}")
    with Load(hurt.home, small, RATE // 10, name="small-", rounds=(0,)) as load:
        load.wait_for(SMALL, PATIENCE_S)
        today = f"{datetime.now(UTC):%Y-%m-%d}"
        hurt.home.headwater(
            "restate", "--site", small.site_id, "--dates", today, "--wait", timeout=2 * PATIENCE_S
        )
        _rewrite_and_forget(hurt.home)
    hurt.restated.append(load)


def _rewrite_and_forget(home: Stack) -> None:
    config = load_config(home.environment)
    trino = Trino(config.trino_url)
    with open_catalog(config.catalog) as iceberg:
        for name in (name for name, table in TABLES.items() if table.writer in JOB_NAMES):
            # The schedule's own run may rewrite the same files: the later of the two gives up.
            with suppress(QueryFailed):
                compact(trino, name)
            expire(iceberg.load_table(("web", name)), datetime.now(UTC), timedelta(seconds=20))


def _restart_jobs(hurt: Hurt) -> None:
    """Stop every job and start it by what its tables hold."""
    hurt.home.headwater("jobs", "restart", timeout=PATIENCE_S)


def _deploy_jobs(hurt: Hurt) -> None:
    """Bring every job to another version: each stops with a savepoint and goes on from it."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        jobs = Path(folder) / "jobs"
        shutil.copytree(FOLDER, jobs, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
        for file in jobs.glob("*/job.toml"):
            text = file.read_text("utf-8")
            file.write_text(text.replace("[settings]\n", SETTING), "utf-8")
        patch.setenv("HEADWATER_JOBS", str(jobs))
        done = hurt.home.headwater("jobs", "deploy", "--yes", timeout=2 * PATIENCE_S)
    assert done.stdout.count("state: compatible") == len(JOB_NAMES), done.stdout


def _lose_state(hurt: Hurt) -> None:
    """Kill the JobManager and delete every checkpoint."""
    jobs = [job["jid"] for job in alive(hurt.home).values()]
    hurt.home.kill("jobmanager")
    for job_id in jobs:
        folder = Path(urlsplit(hurt.home.environment["HEADWATER_CHECKPOINTS"]).path) / job_id
        shutil.rmtree(folder, ignore_errors=True)


FAULTS: Final[Mapping[str, Fault]] = {
    "1-taskmanager": partial(_kill, "taskmanager"),
    "9-poison": _put_poison,
    "1-edge": partial(_kill, "edge"),
    "10-replay": _replay_topic,
    "3-broker-frozen": _freeze_broker,
    "12-hot-key": _flood,
    "1-jobmanager": partial(_kill, "jobmanager"),
    "13-care": _care_for_tables,
    "1-broker": partial(_kill, "kafka"),
    "14-deploy": _deploy_jobs,
    "14-restart": _restart_jobs,
    "19-no-state": _lose_state,
}


def chosen_faults() -> dict[str, Fault]:
    """Return the faults that HEADWATER_FAULTS_ONLY names, in that order; all if it names none."""
    chosen = os.environ.get("HEADWATER_FAULTS_ONLY", "")
    names = [name for name in chosen.split(",") if name] or list(FAULTS)
    return {name: FAULTS[name] for name in names}
