"""Bring a dead letter back: what a topic holds and could not be read, mended, into it again."""

from typing import Any, Final, NamedTuple

import msgspec
from kafka import KafkaProducer
from kafka.errors import KafkaError

from schemas.load import RECORDS
from schemas.loaders.topics import Topic
from schemas.wire import problems

_TIMEOUT_S: Final = 30


class Unusable(Exception):
    """The content is still no record of the topic; each reason is a sentence."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


class NotTaken(Exception):
    """The broker did not take the record."""


class Mended(NamedTuple):
    """A record as the edge would have written it; `schema` is the value of its header."""

    topic: str
    key: bytes
    value: bytes
    schema: str


class Place(NamedTuple):
    """Where a record lies."""

    partition: int
    offset: int


def mend(topic: Topic, content: bytes) -> Mended:
    """Return the record that the content is, or raise Unusable with all that is wrong with it.

    The bytes stay as they are; key and header are made anew from what stands in them.
    """
    value = _object(content)
    name = _record_name(topic, value)
    wrong = problems(RECORDS[name], value)
    if wrong:
        raise Unusable(wrong)
    if len(content) > topic.max_message_bytes:
        limit = topic.max_message_bytes
        raise Unusable([f"it has {len(content)} bytes; topic {topic.name} takes {limit}"])
    return Mended(topic.name, _key(topic, value), content, RECORDS[name].header)


def put_back(bootstrap: str, record: Mended) -> Place:
    """Append the record to its topic and return its place; NotTaken if no broker took it."""
    headers = [("schema", record.schema.encode())]
    try:
        producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all")
        try:
            sent = producer.send(record.topic, record.value, record.key, headers=headers)
            taken = sent.get(_TIMEOUT_S)
        finally:
            producer.close(_TIMEOUT_S)
    except KafkaError as error:
        raise NotTaken(f"{type(error).__name__}: {error}") from error
    return Place(taken.partition, taken.offset)


def _object(content: bytes) -> dict[str, Any]:
    try:
        value: dict[str, Any] = msgspec.json.decode(content, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Unusable([f"it is no JSON object: {error}"]) from error
    return value


def _record_name(topic: Topic, value: dict[str, Any]) -> str:
    """Return which of the topic's records it says it is."""
    if len(topic.records) == 1:
        return topic.records[0]
    kind = value.get("record_kind")
    if kind not in topic.records:
        raise Unusable([f"record_kind must be one of {', '.join(topic.records)}, not {kind!r}"])
    return str(kind)


def _key(topic: Topic, value: dict[str, Any]) -> bytes:
    """Return the key; an event of no visitor goes by its own id."""
    names = topic.key.split(":")
    parts = [value.get(name) or value.get("event_id") or "" for name in names]
    return ":".join(parts).encode()
