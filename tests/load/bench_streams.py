"""CPU of the TaskManager per event: jobs beside plain Flink SQL and Python over the same topics.

Each job reads its topic to the end (bounded) at two sizes; the slope between them leaves out what
starting costs, and the JVM's compiler is left out, which a job that stays up pays once. By the same
slope a third part, of which one visitor has half, tells what a hot key costs.
Everything real: Kafka, exactly-once sinks, Iceberg, RocksDB.
"""

from pathlib import Path
from typing import Final

from pipelines.flink_jobs.runner import JOB_NAMES, Job, load_job
from tests.load.report import Figure
from tests.load.stream_home import Run, StreamHome, bounded, stream_home

TITLE: Final = "Streams: CPU per event"
DEFAULT_SIZE: Final = 200_000
_PLAIN: Final = Path(__file__).parent / "streams"
_PYTHON: Final = "Python: sessions in keyed state, nowhere; with starting"
_NOTHING: Final = Run(0, 0, 0)
_READERS: Final = tuple(name for name in JOB_NAMES if "unique-events" in load_job(name).reads)
_HOT: Final = "with a visitor of half the events"


def measure(size: int) -> list[Figure]:
    """Return CPU-microseconds per event of each job, of its twins, and of all readers together."""
    with stream_home() as home:
        home.produce(0, size // 10)
        # The first round warms the JVM up and does not count: it would make the slope negative.
        _round(home)
        small = _round(home)
        home.produce(size // 10, size)
        large = _round(home)
        home.produce(size, 2 * size, hot=True)
        hot = {name: home.run([bounded(load_job(name))]) for name in JOB_NAMES}
        # Python needs a new TaskManager each time, so it neither has nor spoils a warm one.
        large[_PYTHON] = home.run_python(_sessions(), _PLAIN / "python_sessions.py")
    return [
        *(_figure(name, small.get(name, _NOTHING), large[name]) for name in large),
        *(_figure(f"{name}, {_HOT}", large[name], hot[name]) for name in hot),
    ]


def _round(home: StreamHome) -> dict[str, Run]:
    """Run everything in turns; collect_events comes first and fills topic `unique-events`."""

    def plain(job: str, file: str) -> Run:
        return home.run([bounded(load_job(job), _PLAIN / file)])

    runs = {"collect_events": home.run([bounded(load_job("collect_events"))])}
    runs["plain SQL: duplicates, nowhere"] = plain("collect_events", "plain_collect.sql")
    runs["plain SQL: duplicates, table, topic"] = plain("collect_events", "plain_collect_kept.sql")
    runs |= {name: home.run([bounded(load_job(name))]) for name in _READERS}
    runs["all readers of unique-events"] = home.run([bounded(load_job(name)) for name in _READERS])
    runs["plain SQL: sessions, nowhere"] = plain("sessionize_events", "plain_sessionize.sql")
    return runs


def _sessions() -> Job:
    return bounded(load_job("sessionize_events"))


def _figure(name: str, small: Run, large: Run) -> Figure:
    slope = (large.working_seconds - small.working_seconds) / (large.records - small.records)
    seconds = f"{small.working_seconds:.1f} and {large.working_seconds:.1f} CPU-s"
    note = (
        f"{small.records} and {large.records} records; {seconds}, and "
        f"{large.compiling_seconds:.1f} of the JVM's compiler"
    )
    return Figure(name, "us/event", (round(slope * 1e6, 1),), note)
