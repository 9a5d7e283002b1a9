"""The records of one request on their way: to the broker, to the log, or to both."""

from collections.abc import Sequence
from typing import Protocol

from confluent_kafka import KafkaError, Message

from ingest_edge.errors import NotDurable
from ingest_edge.log.segments import Position
from ingest_edge.record import Record
from ingest_edge.sink import Heard


class Owner(Protocol):
    """Who hears what became of a batch."""

    def reported(self, batch: "Batch", last: Message) -> None: ...

    def logged(self, batch: "Batch") -> None: ...

    def not_logged(self, batch: "Batch", error: OSError) -> None: ...


class Batch:
    """Records that are durable together.

    `heard` is told how it ended, once; None if nobody waits. `place` is that of its entry once
    the log has it; `is_logging` from the moment on when it goes there. `round` numbers the sending:
    reports of a round that was given up count no more. `size` is how many the broker's queue took,
    `is_sent` whether it took all.
    """

    __slots__ = (
        "at_ms", "error", "heard", "is_acknowledged", "is_logging", "is_sent", "owner", "place",
        "records", "round", "size", "started", "waiting",
    )  # fmt: skip

    def __init__(
        self,
        owner: Owner,
        records: Sequence[Record],
        heard: Heard | None,
        *,
        round: int,
        started: float,
    ) -> None:
        self.owner = owner
        self.records = records
        self.heard = heard
        self.round = round
        self.started = started
        self.at_ms = 0
        self.waiting = len(records)
        self.size = 0
        self.error: KafkaError | None = None
        self.place: Position | None = None
        self.is_logging = self.is_sent = self.is_acknowledged = False

    @property
    def topic(self) -> str:
        """Return the topic of the first record; a batch is of one topic."""
        return self.records[0].topic

    def report(self, error: KafkaError | None, message: Message) -> None:
        """Take one delivery report; called once a record, so it does no more than count."""
        self.waiting -= 1
        if error is not None:
            self.error = error
        if self.waiting == 0:
            self.owner.reported(self, message)

    def logged(self, at: Position) -> None:
        """The log has it."""
        self.place = at
        self.owner.logged(self)

    def not_logged(self, error: OSError) -> None:
        """The log could not take it."""
        self.is_logging = False
        self.owner.not_logged(self, error)

    def finish(self, error: NotDurable | None = None) -> None:
        """Tell whoever waits, if that is not done."""
        heard, self.heard = self.heard, None
        if heard is not None:
            heard(error)
