"""Settings of the stream programs (topics, launcher), read from the environment once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipelines.catalog import Catalog, CatalogError
from pipelines.flink_jobs.errors import MissingSetting
from pipelines.flink_jobs.runner import FOLDER

_PROFILES: Final = ("local", "production")


@dataclass(frozen=True)
class KafkaConfig:
    """Where the broker is; with the clock `replay` records keep the edge's time."""

    bootstrap: str
    clock: str
    replication: int


@dataclass(frozen=True)
class Config:
    """What the launcher needs.

    `jobs` is the folder of the job folders (HEADWATER_JOBS; the checkout's own), `environment` what
    its child process inherits.
    """

    home: Path
    kafka: KafkaConfig
    catalog: Catalog
    flink_url: str
    flink_python: str
    checkpoints: str
    profile: str
    jobs: Path
    environment: Mapping[str, str]


def load_kafka(env: Mapping[str, str] | None = None) -> KafkaConfig:
    """Read HEADWATER_KAFKA_BOOTSTRAP, HEADWATER_CLOCK and HEADWATER_KAFKA_REPLICATION (1)."""
    env = os.environ if env is None else env
    clock = env.get("HEADWATER_CLOCK") or "wall"
    if clock not in ("wall", "replay"):
        raise MissingSetting(f"HEADWATER_CLOCK is {clock!r}; it must be wall or replay.")
    replication = int(env.get("HEADWATER_KAFKA_REPLICATION") or 1)
    return KafkaConfig(_needed(env, "HEADWATER_KAFKA_BOOTSTRAP"), clock, replication)


def load_config(env: Mapping[str, str] | None = None) -> Config:
    """Read the environment, or raise MissingSetting naming the variable."""
    env = os.environ if env is None else env
    profile = env.get("HEADWATER_PROFILE") or "local"
    if profile not in _PROFILES:
        raise MissingSetting(f"HEADWATER_PROFILE is {profile!r}; it must be local or production.")
    try:
        catalog = Catalog.from_env(env)
    except CatalogError as error:
        raise MissingSetting(str(error)) from error
    return Config(
        home=Path(_needed(env, "HEADWATER_HOME")),
        kafka=load_kafka(env),
        catalog=catalog,
        flink_url=_needed(env, "HEADWATER_FLINK_URL").rstrip("/"),
        flink_python=_needed(env, "HEADWATER_FLINK_PYTHON"),
        checkpoints=_needed(env, "HEADWATER_CHECKPOINTS").rstrip("/"),
        profile=profile,
        jobs=Path(env.get("HEADWATER_JOBS") or FOLDER),
        environment=dict(env),
    )


def _needed(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "")
    if not value:
        raise MissingSetting(f"{name} is not set; `headwater up` sets it for its programs.")
    return value
