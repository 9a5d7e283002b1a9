"""The resource plan of one machine: resources.toml as frozen values."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final


@dataclass(frozen=True)
class Postgres:
    """Sizes of the control and catalog database."""

    shared_buffers_mb: int
    max_connections: int


@dataclass(frozen=True)
class Kafka:
    """Sizes of the broker."""

    heap_mb: int
    segment_mb: int
    retention_hours: int
    internal_partitions: int


@dataclass(frozen=True)
class Flink:
    """Sizes of the one JobManager and the one TaskManager."""

    jobmanager_mb: int
    taskmanager_heap_mb: int
    taskmanager_managed_mb: int
    taskmanager_network_mb: int
    slots: int
    parallelism: int


@dataclass(frozen=True)
class Trino:
    """Sizes of the query engine and how many queries run at once."""

    heap_mb: int
    query_memory_mb: int
    query_history: int
    query_history_seconds: int
    reader_queries: int
    service_queries: int


@dataclass(frozen=True)
class Logs:
    """How much text each component may keep."""

    cap_mb: int


@dataclass(frozen=True)
class Disk:
    """What installing takes, and the least that should stay free."""

    install_gb: int
    floor_gb: int


@dataclass(frozen=True)
class Resources:
    """The whole plan."""

    postgres: Postgres
    kafka: Kafka
    flink: Flink
    trino: Trino
    logs: Logs
    disk: Disk


def load_resources(path: Path) -> Resources:
    """Read a plan; a key that is missing, unknown or no integer raises ValueError."""
    text: dict[str, dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))
    try:
        parts = {name: kind(**text.pop(name)) for name, kind in _PARTS.items()}
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path}: {error}") from error
    if text:
        raise ValueError(f"{path}: unknown part {', '.join(text)}")
    return Resources(**parts)


_PARTS: Final[dict[str, Any]] = {
    "postgres": Postgres,
    "kafka": Kafka,
    "flink": Flink,
    "trino": Trino,
    "logs": Logs,
    "disk": Disk,
}

RESOURCES: Final = load_resources(Path(__file__).with_name("resources.toml"))
