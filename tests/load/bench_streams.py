"""CPU of the TaskManager per event: our jobs beside plain Flink SQL over the same topics.

Each job reads its topic to the end (bounded) at two sizes; the slope between them leaves out what
starting costs. Everything real: Kafka, exactly-once sinks, Iceberg, RocksDB.
"""

import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import psutil
from confluent_kafka import Producer

from infra.local.probes import read_json
from pipelines.flink_jobs.config import Config, load_config
from pipelines.flink_jobs.kafka_state import Broker
from pipelines.flink_jobs.plan_launch import place_of
from pipelines.flink_jobs.restore import Launch
from pipelines.flink_jobs.runner import Job, load_job, render
from pipelines.flink_jobs.starts import Start
from pipelines.flink_jobs.submission import run_submit, settings
from schemas.load import FOLDER as SCHEMAS
from tests.integration.stack import Stack
from tests.load.report import Figure, Unmeasurable

TITLE: Final = "Streams: CPU per event"
DEFAULT_SIZE: Final = 200_000
NEEDED: Final = "taskmanager,jobmanager,topics,tables"
PLAIN: Final = Path(__file__).parent / "streams"
_TIMEOUT_S: Final = 900
_EVENTS_PER_VISITOR: Final = 12


@dataclass(frozen=True)
class Run:
    """One job that read its topic to the end."""

    records: int
    cpu_seconds: float


def measure(size: int) -> list[Figure]:
    """Return CPU-microseconds per event of each job and of its plain twin."""
    with _home() as stack:
        config = load_config(stack.environment)
        runs: dict[str, list[Run]] = {}
        # The first round warms the JVM up and does not count: it would make the slope negative.
        for first, last in ((0, size // 8), (size // 8, size // 4), (size // 4, size)):
            _produce(config, first, last)
            for name in ("collect_events", "sessionize_events"):
                for variant in ("", "plain"):
                    run = _run(stack, config, name, variant)
                    runs.setdefault(f"{variant} {name}".strip(), []).append(run)
    return [_figure(name, *rounds[1:]) for name, rounds in runs.items()]


def _figure(name: str, small: Run, large: Run) -> Figure:
    slope = (large.cpu_seconds - small.cpu_seconds) / (large.records - small.records)
    note = (
        f"{small.records} and {large.records} records; {large.cpu_seconds:.0f} CPU-s for the larger"
    )
    return Figure(f"{name}, TaskManager", "us/event", (round(slope * 1e6, 1),), note)


@contextmanager
def _home() -> Iterator[Stack]:
    path = Path(tempfile.mkdtemp(prefix="headwater-bench-"))
    stack = Stack.at(path)
    try:
        stack.up("--only", NEEDED)
        yield stack
    except AssertionError as error:
        raise Unmeasurable(str(error)) from error
    finally:
        stack.headwater("down", check=False)
        shutil.rmtree(path, ignore_errors=True)


def _produce(config: Config, first: int, last: int) -> None:
    """Put events into the topic, on time, about a dozen a visitor."""
    whole = json.loads((SCHEMAS / "examples/event/full.pass.json").read_text("utf-8"))
    producer = Producer({"bootstrap.servers": config.kafka.bootstrap, "linger.ms": 50})
    for number in range(first, last):
        now, visitor = int(time.time() * 1000), f"v{number // _EVENTS_PER_VISITOR}"
        made = whole | {"event_id": f"e{number}", "visitor_id": visitor}
        content = json.dumps(made | {"event_at": now, "received_at": now})
        while True:
            try:
                producer.produce("events", content, key=f"demo:{visitor}")
                break
            except BufferError:
                producer.poll(0.1)
    producer.flush()


def _run(stack: Stack, config: Config, name: str, variant: str) -> Run:
    """Run the job until its topic's present end; return what it read and what it took."""
    job = _bounded(load_job(name), variant)
    with _broker(config) as broker:
        held = broker.held(job.reads).values()
        rendered = render(
            job, broker.topic_ids(job.reads), place_of(config, job), Start("bench").parameters()
        )
    worker = psutil.Process(stack.component("taskmanager").pid)
    before = _cpu(worker)
    job_id = _submit(config, job, rendered.statements, dict(rendered.settings))
    stack.wait_until(f"{name} read all", lambda: _is_finished(config, job_id), _TIMEOUT_S, 1)
    return Run(sum(part.end - part.first for part in held), _cpu(worker) - before)


def _bounded(job: Job, variant: str) -> Job:
    ends = "'scan.bounded.mode' = 'latest-offset',\n    'scan.startup.mode'"
    source = job.source_sql.replace("'scan.startup.mode'", ends)
    twin = PLAIN / f"plain_{job.name.removesuffix('_events')}.sql"
    sql = twin.read_text("utf-8") if variant else job.job_sql
    return replace(job, source_sql=source, job_sql=sql)


def _submit(
    config: Config, job: Job, statements: tuple[str, ...], own_settings: dict[str, str]
) -> str:
    launch = Launch(f"{time.time_ns():032x}", "", Start("bench"))
    flink = settings(config, job, own_settings, launch)
    content = [{"name": job.name, "settings": flink, "statements": list(statements)}]
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(content, file)
        file.flush()
        answers = run_submit(config.flink_python, config.environment, "run", Path(file.name))
    if "error" in answers[0]:
        raise Unmeasurable(answers[0]["error"])
    return answers[0]["job_id"]


def _is_finished(config: Config, job_id: str) -> bool:
    state = (read_json(f"{config.flink_url}/jobs/{job_id}") or {}).get("state")
    if state in ("FAILED", "CANCELED"):
        raise Unmeasurable(f"job {job_id} ended as {state}; see Flink's page")
    return state == "FINISHED"


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


@contextmanager
def _broker(config: Config) -> Iterator[Broker]:
    broker = Broker(config.kafka.bootstrap)
    try:
        yield broker
    finally:
        broker.close()
