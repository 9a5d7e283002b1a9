"""A home for the streams' bench: topics, tables, Flink, and jobs that read a topic to its end."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import psutil
from confluent_kafka import Producer

from infra.local.probes import read_json
from infra.local.status import State
from pipelines.flink_jobs.config import Config, load_config
from pipelines.flink_jobs.kafka_state import Broker
from pipelines.flink_jobs.plan_launch import place_of
from pipelines.flink_jobs.restore import Launch
from pipelines.flink_jobs.runner import Job, Rendered, render
from pipelines.flink_jobs.starts import Start
from pipelines.flink_jobs.submission import run_submit, settings
from schemas.load import FOLDER as SCHEMAS
from schemas.load import RULES
from tests.integration.stack import Stack
from tests.load.report import Unmeasurable

Answers = list[dict[str, str]]
Submit = Callable[[Path], Answers]
_NEEDED: Final = "taskmanager,jobmanager,topics,tables"
_TIMEOUT_S: Final = 900
_EVENTS_PER_VISITOR: Final = 12
_WATCHED: Final = {"properties": '{"watched_ms":3000,"response_ms":40,"response_kind":"mutation"}'}
# A page is looked at, clicked in and left: what each event is beside the columns they share.
_ACTS: Final[tuple[dict[str, Any], ...]] = (
    {"event_name": "page_view"},
    {"event_name": "click", "click_target": "button.buy"} | _WATCHED,
    {"event_name": "click", "click_target": "a.more"} | _WATCHED,
    {"event_name": "page_leave"},
)
_BOUGHT: Final = ("revenue_amount", "currency", "revenue_usd_amount")


@dataclass(frozen=True)
class Run:
    """Jobs that read their topics to the end side by side: records in, CPU of the TaskManager.

    `compiling_seconds` is what of it the JVM's compiler took: for each run anew, because Flink
    generates the code of a job when it starts; a job that stays up pays it once.
    """

    records: int
    cpu_seconds: float
    compiling_seconds: float

    @property
    def working_seconds(self) -> float:
        """Return the CPU but for the compiler's."""
        return self.cpu_seconds - self.compiling_seconds


@dataclass(frozen=True)
class StreamHome:
    """The running processes, and how to load them."""

    stack: Stack
    config: Config

    def produce(self, first: int, last: int, *, hot: bool = False) -> None:
        """Put events into topic `events`, on time, about a dozen a visitor.

        If `hot`, every other event is one visitor's, as no edge would let it through untagged.
        """
        whole = json.loads((SCHEMAS / "examples/event/full.pass.json").read_text("utf-8"))
        shared = {name: value for name, value in whole.items() if name not in _BOUGHT}
        shared |= {"is_conversion": False, "is_interactive": False}
        kafka = {"bootstrap.servers": self.config.kafka.bootstrap, "linger.ms": 50}
        producer = Producer(kafka)
        for number in range(first, last):
            now, visitor = int(time.time() * 1000), f"v{number // _EVENTS_PER_VISITOR}"
            if hot and number // len(_ACTS) % 2:
                visitor = "hot"
            at = {"client_at": now, "sent_at": now, "event_at": now, "received_at": now}
            place = {"click_x_px": number % 900, "click_y_px": number % 700, "seq": number % 12}
            act = _ACTS[number % len(_ACTS)]
            made = shared | at | act | {"event_id": f"e{number}", "visitor_id": visitor}
            content = json.dumps(made | place if act["event_name"] == "click" else made)
            _put(producer, content, f"demo:{visitor}")
        producer.flush()

    def run(self, jobs: Sequence[Job]) -> Run:
        """Run the jobs until each has read its topics' present end."""
        records, rendered = self._rendered(jobs)
        content = [
            _content(self.config, job, ready) for job, ready in zip(jobs, rendered, strict=True)
        ]
        return Run(records, *self._cpu_of(content, self._by_launcher))

    def run_python(self, job: Job, script: Path) -> Run:
        """Run the script over the job's source until it has read the topic's present end.

        In a new TaskManager: what embeds Python in the JVM can be loaded once in a process.
        """
        self._renew_worker()
        records, (rendered,) = self._rendered([job])
        sources = [
            text for text in rendered.statements if text.startswith("CREATE TEMPORARY TABLE")
        ]
        content = _content(self.config, job, replace(rendered, statements=tuple(sources)))
        content["gap_ms"] = RULES.sessions.gap_minutes * 60_000
        return Run(records, *self._cpu_of([content], partial(self._by_script, script)))

    def _renew_worker(self) -> None:
        """End the TaskManager, which takes its leave, and wait for the one started in its place."""
        old = self.stack.kill("taskmanager", signal.SIGTERM)
        self.stack.wait_until("a TaskManager", partial(self._has_worker_but, old), _TIMEOUT_S, 1)

    def _has_worker_but(self, old: int) -> bool:
        found = self.stack.component("taskmanager")
        return found.pid not in (None, old) and found.state is State.READY

    def _rendered(self, jobs: Sequence[Job]) -> tuple[int, list[Rendered]]:
        """Return the jobs ready to run, and how many records their topics hold."""
        start = Start("bench").parameters()
        broker = Broker(self.config.kafka.bootstrap)
        try:
            held = broker.held(sorted({topic for job in jobs for topic in job.reads})).values()
            ready = [
                render(job, broker.topic_ids(job.reads), place_of(self.config, job), start)
                for job in jobs
            ]
        finally:
            broker.close()
        return sum(part.end - part.first for part in held), ready

    def _cpu_of(self, content: list[dict[str, Any]], submit: Submit) -> tuple[float, float]:
        """Hand the jobs over; return the CPU-seconds, and the compiler's, until the last ended."""
        worker = psutil.Process(self.stack.component("taskmanager").pid)
        before = _cpu(worker), _compiling(worker)
        for job_id in _submit(content, submit):
            self.stack.wait_until("all read", partial(self._is_finished, job_id), _TIMEOUT_S, 1)
        return _cpu(worker) - before[0], _compiling(worker) - before[1]

    def _by_launcher(self, file: Path) -> Answers:
        return run_submit(self.config.flink_python, self.config.environment, "run", file)

    def _by_script(self, script: Path, file: Path) -> Answers:
        command = [self.config.flink_python, str(script), str(file)]
        done = subprocess.run(
            command,
            env=dict(self.config.environment),
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
        if done.returncode:
            raise Unmeasurable(f"{script.name}: {done.stderr[-2000:]}")
        answers: Answers = json.loads(done.stdout.splitlines()[-1])
        return answers

    def _is_finished(self, job_id: str) -> bool:
        state = (read_json(f"{self.config.flink_url}/jobs/{job_id}") or {}).get("state")
        if state in ("FAILED", "CANCELED"):
            raise Unmeasurable(f"job {job_id} ended as {state}; see Flink's page")
        return state == "FINISHED"


@contextmanager
def stream_home() -> Iterator[StreamHome]:
    """Start a home of its own, and end it."""
    path = Path(tempfile.mkdtemp(prefix="headwater-bench-"))
    stack = Stack.at(path)
    try:
        stack.up("--only", _NEEDED)
        yield StreamHome(stack, load_config(stack.environment))
    except AssertionError as error:
        raise Unmeasurable(str(error)) from error
    finally:
        stack.headwater("down", check=False)
        shutil.rmtree(path, ignore_errors=True)


def bounded(job: Job, twin: Path | None = None) -> Job:
    """Return the job, or its twin's SQL over the same source, ending where its topic ends now."""
    ends = "'scan.bounded.mode' = 'latest-offset',\n    'scan.startup.mode'"
    source = job.source_sql.replace("'scan.startup.mode'", ends)
    return replace(job, source_sql=source, job_sql=twin.read_text("utf-8") if twin else job.job_sql)


def _put(producer: Producer, content: str, key: str) -> None:
    while True:
        try:
            producer.produce("events", content, key=key)
            return
        except BufferError:
            producer.poll(0.1)


def _content(config: Config, job: Job, rendered: Rendered) -> dict[str, Any]:
    launch = Launch(f"{time.time_ns():032x}", "", Start("bench"))
    flink = settings(config, job, rendered.settings, launch)
    return {"name": job.name, "settings": flink, "statements": list(rendered.statements)}


def _submit(content: list[dict[str, Any]], submit: Submit) -> list[str]:
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(content, file)
        file.flush()
        answers = submit(Path(file.name))
    if faults := [answer["error"] for answer in answers if "error" in answer]:
        raise Unmeasurable(faults[0])
    return [answer["job_id"] for answer in answers]


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _compiling(process: psutil.Process) -> float:
    """Return the CPU-seconds of the JVM's compiler threads, which live as long as the process."""
    ticks = 0
    for thread in Path(f"/proc/{process.pid}/task").iterdir():
        name, _, numbers = (thread / "stat").read_text("utf-8").rpartition(")")
        if "CompilerThre" in name:
            ticks += sum(int(number) for number in numbers.split()[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")
