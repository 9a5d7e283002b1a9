"""Topics are brought to their description, against an admin that remembers."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from pipelines.flink_jobs.config import KafkaConfig
from pipelines.flink_jobs.errors import TopicError
from pipelines.topics import ensure_topics, settings_of
from schemas.load import TOPICS

CONFIG = KafkaConfig("b:1", "wall", 1)
EVENTS = TOPICS["events"]


@dataclass
class Admin:
    """A broker's topics in memory: name -> partitions, name -> settings."""

    partitions: dict[str, int] = field(default_factory=dict)
    settings: dict[str, dict[str, str]] = field(default_factory=dict)

    def describe_topics(self) -> list[dict[str, Any]]:
        return [{"name": n, "partitions": [{}] * count} for n, count in self.partitions.items()]

    def create_topics(self, topics: dict[str, dict[str, Any]]) -> None:
        for name, made in topics.items():
            self.partitions[name], self.settings[name] = made["num_partitions"], made["configs"]

    def create_partitions(self, counts: dict[str, int]) -> None:
        self.partitions |= counts

    def alter_configs(self, resources: list[Any]) -> None:
        for resource in resources:
            self.settings[resource.name] = resource.configs


def test_missing_topics_are_created() -> None:
    admin = Admin()
    lines = ensure_topics(admin, TOPICS.values(), CONFIG)
    assert admin.partitions == {name: topic.partitions for name, topic in TOPICS.items()}
    assert lines[0] == "topic events: created"


def test_running_again_changes_nothing() -> None:
    admin = Admin()
    ensure_topics(admin, TOPICS.values(), CONFIG)
    before = (dict(admin.partitions), dict(admin.settings))
    assert ensure_topics(admin, [EVENTS], CONFIG) == ["topic events: as it should be"]
    assert (admin.partitions, admin.settings) == before


def test_partitions_are_added_and_settings_renewed() -> None:
    admin = Admin({"events": 1}, {"events": {"retention.ms": "1"}})
    ensure_topics(admin, [replace(EVENTS, partitions=4)], CONFIG)
    assert admin.partitions == {"events": 4}
    assert admin.settings["events"]["retention.ms"] == str(EVENTS.retention_hours * 3_600_000)


def test_fewer_partitions_are_refused() -> None:
    with pytest.raises(TopicError, match="topic events has 9 partitions .* set it to 9"):
        ensure_topics(Admin({"events": 9}), [EVENTS], CONFIG)


def test_only_a_replaying_edge_stamps_the_records_itself() -> None:
    assert settings_of(EVENTS, "wall")["message.timestamp.type"] == "LogAppendTime"
    replayed = settings_of(EVENTS, "replay")
    assert replayed["message.timestamp.type"] == "CreateTime"
    assert replayed["retention.ms"] == "-1"  # or records of long ago are gone at once
