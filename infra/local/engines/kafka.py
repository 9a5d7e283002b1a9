"""Kafka 4.1 in KRaft mode: one process that is broker and controller."""

import subprocess
from pathlib import Path
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from infra.local.component import Component, Kind, Launch
from infra.local.environment import HOST
from infra.local.home import Home
from infra.local.places import cache_folder, java_home
from infra.local.probes import answers_tcp
from infra.local.resources import RESOURCES

Settings = dict[str, str | int]

# Flink commits a prepared transaction when it comes back, however long it was away: with a
# shorter limit the broker aborts it and a restore misses those records without failing.
DAY_MS: Final = 86_400_000
_MB: Final = 1024 * 1024


def kafka(home: Home) -> Component:
    """Return the broker of a home."""
    bootstrap = f"{HOST}:{home.ports()['kafka']}"
    return Component(
        name="kafka",
        kind=Kind.PROCESS,
        needs=(),
        prepare=lambda: _prepare(home),
        is_ready=lambda: _is_ready(bootstrap),
        is_alive=lambda: answers_tcp(home.ports()["kafka"]),
        url=bootstrap,
        stop_seconds=30,
    )


def _prepare(home: Home) -> Launch:
    etc = home.path / "etc" / "kafka"
    etc.mkdir(parents=True, exist_ok=True)
    properties = etc / "server.properties"
    settings = _settings(home)
    properties.write_text("".join(f"{k}={v}\n" for k, v in settings.items()), encoding="utf-8")
    (etc / "log4j2.properties").write_text(_LOGGING, encoding="utf-8")
    if not (home.path / "kafka" / "meta.properties").exists():
        _format(home, properties, etc)
    command = [*_java(etc, RESOURCES.kafka.heap_mb), "kafka.Kafka", str(properties)]
    return Launch(command, folder=home.path / "tmp")


def _settings(home: Home) -> Settings:
    plan, ports = RESOURCES.kafka, home.ports()
    controller = f"{HOST}:{ports['kafka_controller']}"
    settings: Settings = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "listeners": f"PLAINTEXT://{HOST}:{ports['kafka']},CONTROLLER://{controller}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{ports['kafka']}",
        "controller.listener.names": "CONTROLLER",
        "controller.quorum.bootstrap.servers": controller,
        "log.dirs": str(home.path / "kafka"),
        "auto.create.topics.enable": "false",
        "log.message.timestamp.type": "LogAppendTime",
        "transaction.max.timeout.ms": DAY_MS,
        # Each checkpoint takes a new id: a day of them, not a week, in the broker's memory.
        "transactional.id.expiration.ms": DAY_MS + 3_600_000,
        "log.segment.bytes": plan.segment_mb * _MB,
        "log.retention.hours": plan.retention_hours,
        "group.initial.rebalance.delay.ms": 0,
        "num.network.threads": 2,
        "num.io.threads": 4,
        "log.cleaner.dedupe.buffer.size": 16 * _MB,
    }
    return settings | _one_replica(plan.internal_partitions)


def _one_replica(partitions: int) -> Settings:
    """Return what one broker needs where Kafka expects three."""
    return {
        "default.replication.factor": 1,
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": partitions,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": partitions,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
    }


def _format(home: Home, properties: Path, etc: Path) -> None:
    words = ["format", "--standalone", "-t", _cluster_id(home), "-c", str(properties)]
    command = [*_java(etc, 128), "kafka.tools.StorageTool", *words, "--ignore-formatted"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"Kafka's folder could not be formatted: {done.stderr or done.stdout}")


def _cluster_id(home: Home) -> str:
    """Return 16 random bytes in Kafka's spelling (base64, which may not begin with a dash)."""
    return home.secrets()["kafka_cluster"][:22]


def _java(etc: Path, heap_mb: int) -> list[str]:
    return [
        str(java_home("flink") / "bin" / "java"),
        f"-Xmx{heap_mb}m",
        "-XX:+UseSerialGC",
        "-XX:+ExitOnOutOfMemoryError",
        f"-Dlog4j2.configurationFile={etc / 'log4j2.properties'}",
        "-cp",
        f"{cache_folder('kafka')}/*",
    ]


def _is_ready(bootstrap: str) -> bool:
    """Whether the broker takes part in its cluster; an open port alone comes earlier."""
    try:
        client = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
        return bool(client.list_topics(timeout=2).brokers)
    except KafkaException:
        return False


_LOGGING: Final = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %p %m (%c)%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
logger.server.name = kafka.server.KafkaRaftServer
logger.server.level = info
"""
