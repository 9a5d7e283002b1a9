"""Sessions in keyed state of Python, in thread mode: what sessionize_events stands beside.

`python python_sessions.py FILE`: the file is what the launcher hands to PyFlink, a list of one job
whose only statement is the table it reads. Prints a list of one {name, job_id}. Counts a visitor's
events and keeps first and last; a session ends half an hour of event time after its last event.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyflink
from pyflink.common import Configuration, Row, Types
from pyflink.datastream import KeyedProcessFunction, RuntimeContext, StreamExecutionEnvironment
from pyflink.datastream.state import ValueStateDescriptor
from pyflink.java_gateway import get_gateway
from pyflink.table import StreamTableEnvironment

_SESSION = Types.ROW_NAMED(
    ["site_id", "visitor_id", "first_ms", "last_ms", "event_count"],
    [Types.STRING(), Types.STRING(), Types.LONG(), Types.LONG(), Types.LONG()],
)
_NOWHERE = """CREATE TEMPORARY TABLE nowhere (
    site_id STRING, visitor_id STRING, first_ms BIGINT, last_ms BIGINT, event_count BIGINT
) WITH ('connector' = 'blackhole')"""

_ACTS = """SELECT site_id, visitor_id, event_at, event_time
FROM unique_events WHERE event_at IS NOT NULL"""


# What runs Python in a TaskManager; Flink's own classes do not hold it.
_PYFLINK = Path(pyflink.__file__).parent
_PACKAGES = _PYFLINK.parent
_PYTHON_JAR = next((_PYFLINK / "opt").glob("flink-python-*.jar"))


class Sessions(KeyedProcessFunction):  # type: ignore[misc]  # published without types
    """One value of state a visitor: first and last event, and how many."""

    def __init__(self, gap_ms: int) -> None:
        self.gap_ms = gap_ms

    def open(self, context: RuntimeContext) -> None:
        """Ask for the state."""
        kind = Types.PICKLED_BYTE_ARRAY()
        self.session = context.get_state(ValueStateDescriptor("session", kind))

    def process_element(self, value: Row, context: Any) -> Iterator[Row]:
        """Begin or lengthen the visitor's session."""
        at = value[2]
        first, last, count = self.session.value() or (at, at, 0)
        if count and at - last > self.gap_ms:
            yield Row(value[0], value[1], first, last, count)
            first, last, count = at, at, 0
        self.session.update((min(first, at), max(last, at), count + 1))
        context.timer_service().register_event_time_timer(max(last, at) + self.gap_ms)

    def on_timer(self, timestamp: int, context: Any) -> Iterator[Row]:
        """End the session, if nothing came since the timer was set."""
        first, last, count = self.session.value() or (0, 0, 0)
        if count and timestamp >= last + self.gap_ms:
            self.session.clear()
            site_id, visitor_id = context.get_current_key()
            yield Row(site_id, visitor_id, first, last, count)


def _environment(configuration: Configuration) -> StreamExecutionEnvironment:
    """Return one that submits to the cluster; the usual one starts its own in this process."""
    java = get_gateway().jvm.org.apache.flink.streaming.api.environment.StreamExecutionEnvironment
    return StreamExecutionEnvironment(java(configuration._j_configuration))  # noqa: SLF001


def main() -> None:
    """Submit the one job of the file."""
    (job,) = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    configuration = Configuration()
    own = {
        "python.execution-mode": "thread",
        "python.executable": sys.executable,
        "python.pythonpath": str(_PACKAGES),
        "restart-strategy.type": "none",
        "pipeline.jars": _PYTHON_JAR.as_uri(),
    }
    for key, value in (job["settings"] | own).items():
        configuration.set_string(key, value)
    tables = StreamTableEnvironment.create(_environment(configuration))
    for statement in (*job["statements"], _NOWHERE):
        tables.execute_sql(statement)
    acts = tables.sql_query(_ACTS)
    sessions = (
        tables.to_data_stream(acts)
        .key_by(lambda row: (row[0], row[1]), Types.TUPLE([Types.STRING(), Types.STRING()]))
        .process(Sessions(job["gap_ms"]), _SESSION)
    )
    inserts = tables.create_statement_set()
    inserts.add_insert("nowhere", tables.from_data_stream(sessions))
    running = inserts.execute().get_job_client()
    sys.stdout.write(json.dumps([{"name": "python", "job_id": str(running.get_job_id())}]) + "\n")


main()
