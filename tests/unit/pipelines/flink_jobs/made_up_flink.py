"""A Flink that runs what it is told to: REST over a socket, and a program in PyFlink's place.

What a version does is written in its SQL: one with REFUSED in it is not planned, one with BROKEN
fails with its first record, one with LATE_FAULT after its first checkpoint.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final

_PROGRAM: Final = """
import json, sys, urllib.request
for line in sys.stdin:
    mode, file = line.split()
    answers = []
    for job in json.load(open(file)):
        if "REFUSED" in "".join(job["statements"]):
            answers.append({"name": job["name"], "error": "no such column"})
            continue
        answers.append({"name": job["name"], "plan": ""})
        if mode == "run":
            url = f"http://127.0.0.1:{job['settings']['rest.port']}/started"
            urllib.request.urlopen(url, json.dumps(job).encode())
    print(json.dumps(answers), flush=True)
"""


@dataclass
class MadeUpJob:
    """A job as Flink knows it."""

    job_id: str
    name: str
    sql: str
    settings: dict[str, str]
    state: str = "RUNNING"

    @property
    def failure(self) -> str:
        is_broken = "BROKEN" in self.sql or "LATE_FAULT" in self.sql
        return "java.lang.Exception: x\n\tat y\nCaused by: Fault: / by zero\n" if is_broken else ""

    @property
    def completed(self) -> int:
        return 0 if "BROKEN" in self.sql else 3


@dataclass
class MadeUpFlink:
    """The jobs by their ids, in the order in which they were started."""

    url: str = ""
    jobs: dict[str, MadeUpJob] = field(default_factory=dict)
    slots: int = 1
    can_take_savepoints: bool = True

    @property
    def running(self) -> list[MadeUpJob]:
        return [job for job in self.jobs.values() if job.state == "RUNNING"]

    def answer(self, method: str, path: str, body: bytes) -> Any:
        if path == "/started":
            told = json.loads(body)
            sql, settings = "".join(told["statements"]), told["settings"]
            job_id = settings["$internal.pipeline.job-id"]
            self.jobs[job_id] = MadeUpJob(job_id, told["name"], sql, settings)
            return {}
        if path == "/overview":
            return {"slots-available": self.slots - len(self.running)}
        if path == "/jobs/overview":
            listed = [{"jid": j.job_id, "name": j.name, "state": j.state} for j in self._all()]
            return {"jobs": listed}
        job_id, _, rest = path.removeprefix("/jobs/").partition("/")
        return self._of_job(self.jobs[job_id.partition("?")[0]], rest, method)

    def _all(self) -> list[MadeUpJob]:
        return list(self.jobs.values())

    def _of_job(self, job: MadeUpJob, rest: str, method: str) -> Any:
        if method == "PATCH":
            job.state = "CANCELED"
        if rest == "stop":
            job.state = "FINISHED" if self.can_take_savepoints else job.state
            return {"request-id": "r1"}
        if rest == "savepoints/r1":
            cause = {"stack-trace": "a\nCaused by: Fault: no disk"}
            done = {"location": f"s3://c/{job.job_id}/savepoint-1"}
            operation = done if self.can_take_savepoints else {"failure-cause": cause}
            return {"status": {"id": "COMPLETED"}, "operation": operation}
        if rest == "exceptions":
            entries = [{"stacktrace": job.failure}] if job.failure else []
            return {"exceptionHistory": {"entries": entries}}
        if rest == "checkpoints":
            savepoint = {"id": 42}
            return {"counts": {"completed": job.completed}, "latest": {"savepoint": savepoint}}
        return {}


@contextmanager
def made_up_flink() -> Iterator[MadeUpFlink]:
    """Run one until the block ends."""
    flink = MadeUpFlink()

    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            text = json.dumps(flink.answer(self.command, self.path, body)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PATCH = _handle

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    flink.url = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True, kwargs={"poll_interval": 0.01}).start()
    try:
        yield flink
    finally:
        server.shutdown()
        server.server_close()


def pyflink_python(folder: Path) -> str:
    """Return a program that stands in for the Python of PyFlink's environment."""
    script = folder / "python"
    script.write_text(f"#!{sys.executable}\n{_PROGRAM}", "utf-8")
    script.chmod(0o755)
    return str(script)
