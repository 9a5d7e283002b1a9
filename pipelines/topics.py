"""Create and alter the Kafka topics that schemas/topics describes: `python -m pipelines.topics`.

Runs at every start. A topic that exists is brought to its description: more partitions, other
settings. Fewer partitions are refused, since Kafka cannot take any away without losing records.
"""

import sys
from collections.abc import Iterable
from typing import Any, Final

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError

from pipelines.flink_jobs.config import KafkaConfig, load_kafka
from pipelines.flink_jobs.errors import StreamError, TopicError
from schemas.load import RULES, TOPICS
from schemas.loaders.topics import Topic

_HOUR_MS: Final = 3_600_000


def main() -> int:
    """Create or alter every topic and say what was done; exit code 1 with the reason if not."""
    try:
        for line in make_topics(load_kafka()):
            sys.stdout.write(line + "\n")
    except StreamError as error:
        sys.stderr.write(f"topics: {error}\n")
        return 1
    return 0


def make_topics(config: KafkaConfig) -> list[str]:
    """Bring the broker's topics to their description, or raise TopicError."""
    try:
        admin = KafkaAdminClient(bootstrap_servers=config.bootstrap)
        try:
            return ensure_topics(admin, TOPICS.values(), config)
        finally:
            admin.close()
    except KafkaError as error:
        raise TopicError(f"Kafka at {config.bootstrap}: {error}. Is it running?") from error


def ensure_topics(admin: Any, topics: Iterable[Topic], config: KafkaConfig) -> list[str]:
    """Create what is missing and alter what differs; return a line for each topic."""
    existing = {found["name"]: len(found["partitions"]) for found in admin.describe_topics()}
    return [
        _create(admin, topic, config)
        if topic.name not in existing
        else _alter(admin, topic, config, existing[topic.name])
        for topic in topics
    ]


def settings_of(topic: Topic, clock: str) -> dict[str, str]:
    """Return the topic's settings at the broker.

    With the clock `replay` the edge stamps records itself, so the broker keeps its time, and
    keeps them: by such times it would remove what was replayed a minute ago as years old.
    """
    is_replay = clock == "replay"
    return {
        "retention.ms": "-1" if is_replay else str(topic.retention_hours * _HOUR_MS),
        # Whole segments end: with the week that is usual a record may live on for as long.
        "segment.ms": str(RULES.delivery.topic_segment_hours * _HOUR_MS),
        "max.message.bytes": str(topic.max_message_bytes),
        "message.timestamp.type": "CreateTime" if is_replay else topic.timestamp_type,
        "cleanup.policy": topic.cleanup_policy,
    }


def refuse_to_shrink(topic: Topic, existing: int) -> None:
    """Raise TopicError if the description asks for fewer partitions than there are."""
    if existing > topic.partitions:
        raise TopicError(
            f"topic {topic.name} has {existing} partitions and schemas/topics/{topic.name}.toml "
            f"asks for {topic.partitions}. Kafka cannot remove any: set it to {existing}."
        )


def _create(admin: Any, topic: Topic, config: KafkaConfig) -> str:
    made = {
        "num_partitions": topic.partitions,
        "replication_factor": config.replication,
        "configs": settings_of(topic, config.clock),
    }
    admin.create_topics({topic.name: made})
    return f"topic {topic.name}: created"


def _alter(admin: Any, topic: Topic, config: KafkaConfig, existing: int) -> str:
    refuse_to_shrink(topic, existing)
    if existing < topic.partitions:
        admin.create_partitions({topic.name: topic.partitions})
    settings = settings_of(topic, config.clock)
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic.name, settings)])
    return f"topic {topic.name}: as it should be"


if __name__ == "__main__":
    sys.exit(main())
