"""One rung of the ladder that bench_edge_stages.py climbs: an edge that does only so much.

`python -m tests.load.edge_rung RUNG`, with the environment of an edge. What a rung leaves out is
replaced at the edge's own rims (application, sink, producer), so everything else is the real thing.
"""

import sys
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, cast

import uvloop
from confluent_kafka import Message

from ingest_edge.app import App, make_app
from ingest_edge.config import Config, load_config
from ingest_edge.durable import DurableSink
from ingest_edge.http import Answer, Receive, Request, read_body
from ingest_edge.metrics import Metrics
from ingest_edge.producer import KafkaProducer, Report
from ingest_edge.record import Record
from ingest_edge.server import Application, Server
from ingest_edge.sink import Heard


class AnswersAtOnce:
    """HTTP alone: the body is read, nobody looks at it."""

    async def start(self) -> None:
        return None

    async def stop(self) -> None:
        return None

    def answer_at_once(self, request: Request, reply: Callable[[Answer], None]) -> bool:
        reply(Answer(200, b'{"accepted":1,"dropped":[]}'))
        return True

    async def answer(self, request: Request, receive: Receive) -> Answer:
        await read_body(request, receive)
        return Answer(200, b'{"accepted":1,"dropped":[]}')


class KeepsNothing(DurableSink):
    """Says at once that all is durable."""

    def submit(self, records: Sequence[Record], heard: Heard) -> None:
        heard(None)


class BrokerNowhere(KafkaProducer):
    """Acknowledges what it was sent at the next poll, and sends it to nobody."""

    def __init__(self) -> None:
        self._held: deque[tuple[int, Report]] = deque()

    def send(self, records: Sequence[Record], report: Report) -> tuple[int, Exception | None]:
        self._held.append((len(records), report))
        return len(records), None

    def poll(self) -> None:
        held, self._held = self._held, deque()
        for count, report in held:
            for _ in range(count):
                report(None, cast("Message[bytes, bytes]", _Place()))

    def partitions(self, topic: str) -> int:
        return 1


class _Place:
    def topic(self) -> str:
        return "events"

    def partition(self) -> int:
        return 0


def http_only(config: Config) -> Application:
    """Answer at once."""
    return AnswersAtOnce()


def with_records(config: Config) -> Application:
    """Look at key, origin and limits, decode, check, enrich, encode."""
    return _with_sink(
        config, KeepsNothing(replace(config, log_after_ms=-1), Metrics(), BrokerNowhere())
    )


def with_log(config: Config) -> Application:
    """Write and sync the log too."""
    return _with_sink(config, DurableSink(config, Metrics(), BrokerNowhere()))


def _with_sink(config: Config, sink: DurableSink) -> Application:
    app = make_app(replace(config, log_after_ms=-1))
    return App(replace(app.edge, sink=sink))


RUNGS: Final[dict[str, Callable[[Config], Application]]] = {
    "HTTP alone": http_only,
    "and key, decoding, records": with_records,
    "and the log": with_log,
    "and Kafka: the whole edge": make_app,
}


def main() -> None:
    """Serve one rung until told to stop."""
    config = load_config()
    application = RUNGS[sys.argv[1]](config)

    async def serve() -> None:
        await Server(application).run(config.host, config.port)

    uvloop.run(serve())


if __name__ == "__main__":
    main()
