"""How each copy of an erased visitor ends: by the home, in seconds instead of days."""

import os
import subprocess
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from infra.local.places import PYTHON
from infra.local.status import State
from pipelines.flink_jobs.config import load_kafka
from pipelines.lake.config import load_config
from pipelines.lake.expiry import expire
from pipelines.lake.forgetting import oldest_snapshot, rewritten_tables
from pipelines.lake.tables import open_catalog
from pipelines.topics import make_topics
from schemas.load import TABLES, TOPICS
from tests.integration.erased_scene import PATIENCE_S, Scene, visit
from tests.integration.home_traces import files_below
from tests.integration.stack import Stack
from tests.integration.stream_home import wait_until_all_run


def wait_until_back(stack: Stack, killed: dict[str, int]) -> None:
    """Wait until components that were killed, by the pid they had, are ready again."""

    def are_back() -> bool:
        found = [(stack.component(name), pid) for name, pid in killed.items()]
        return all(one.state is State.READY and one.pid != pid for one, pid in found)

    stack.wait_until(f"{', '.join(killed)} are ready", are_back, PATIENCE_S)


def end_topics(scene: Scene) -> None:
    """Let topics keep records for seconds until those of them are gone; the broker is killed."""
    stack = scene.stack
    admin = KafkaAdminClient(bootstrap_servers=stack.environment["HEADWATER_KAFKA_BOOTSTRAP"])
    short = {"retention.ms": "10000", "segment.ms": "1000", "file.delete.delay.ms": "1000"}
    for topic in TOPICS:
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, short)])
    admin.close()
    killed = {"kafka": stack.kill("kafka")}  # it looks for old records soon after its start
    wait_until_back(stack, killed)
    folder = stack.home / "kafka"
    is_over = lambda: not files_below(folder, scene.gone.names)  # noqa: E731
    stack.wait_until("topics end", is_over, PATIENCE_S, pause=5)
    make_topics(load_kafka(stack.environment))


def end_checkpoints(scene: Scene) -> None:
    """Start the jobs anew, and tidy as the supervisor does every hour."""
    stack = scene.stack
    stack.headwater("jobs", "restart", timeout=PATIENCE_S)
    wait_until_all_run(stack)
    folder = Path(urlsplit(stack.environment["HEADWATER_CHECKPOINTS"]).path)

    def are_over() -> bool:
        words = [str(PYTHON), "-m", "pipelines.flink_jobs.launch"]
        subprocess.run(words, env={**os.environ, **stack.environment}, check=True)
        return not files_below(folder, scene.gone.names)

    visit(scene, scene.stays)
    stack.wait_until("the stream forgets", are_over, PATIENCE_S, pause=5)


def end_snapshots(scene: Scene, since: datetime) -> None:
    """Let tables keep no older snapshot, once their jobs have committed again."""

    def are_over() -> bool:
        visit(scene, scene.stays)
        expire_all(scene)
        with open_catalog(load_config(scene.stack.environment).catalog) as iceberg:
            oldest = oldest_snapshot(iceberg, rewritten_tables())
        return oldest is None or oldest > since

    scene.stack.wait_until("older snapshots end", are_over, PATIENCE_S, pause=10)


def expire_all(scene: Scene) -> None:
    with open_catalog(load_config(scene.stack.environment).catalog) as iceberg:
        for name in TABLES:
            expire(iceberg.load_table(("web", name)), datetime.now(UTC), timedelta())


def age_files(scene: Scene) -> None:
    """Make files a week older, but those that somebody may be writing."""
    now = time.time()
    folder = Path(urlsplit(scene.stack.environment["HEADWATER_WAREHOUSE"]).path)
    for path in (path for path in folder.rglob("*") if path.is_file()):
        with suppress(FileNotFoundError):
            if now - path.stat().st_mtime > 60:
                os.utime(path, (now - 8 * 86_400,) * 2)
