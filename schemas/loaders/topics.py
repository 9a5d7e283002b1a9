"""Topics: schemas/topics/*.toml, a screen per topic; the file's name is the topic's name."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from schemas.loaders.records import Record
from schemas.loaders.strict import SchemaError, build, read_toml


@dataclass(frozen=True)
class Topic:
    """Who writes a topic, who reads it, what it holds and how long it lives."""

    name: str
    doc: str
    owner: str
    producer: str
    consumers: tuple[str, ...]
    key: str
    records: tuple[str, ...]
    partitions: int
    partitioner: str
    retention_hours: int
    max_message_bytes: int
    timestamp_type: str
    cleanup_policy: str


def load_topics(folder: Path, records: Mapping[str, Record]) -> dict[str, Topic]:
    """Return all topics of the folder by name; every record they name must exist."""
    topics = {}
    for path in sorted(folder.glob("*.toml")):
        topic = build(Topic, {"name": path.stem, **read_toml(path)}, f"topics/{path.name}")
        for record in topic.records:
            if record not in records:
                raise SchemaError(f"topics/{path.name}: no record {record!r}")
        topics[topic.name] = topic
    return topics
