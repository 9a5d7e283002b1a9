"""Settings of the serving programs, read from the environment once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit


class MissingSetting(Exception):
    """A variable that a program cannot start without is absent or wrong."""


@dataclass(frozen=True)
class Config:
    """What the API needs to know about its surroundings.

    `dashboard` is the built page and may be absent. Without `kafka_bootstrap` nothing is told live.
    """

    host: str
    port: int
    public_url: str
    postgres_url: str
    trino_url: str
    dashboard: Path
    kafka_bootstrap: str = ""

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Config":
        """Read all settings, or raise MissingSetting naming the variable."""
        url = _needed(env, "HEADWATER_SERVING_URL")
        address = urlsplit(url)
        if address.hostname is None or address.port is None:
            raise MissingSetting(f"HEADWATER_SERVING_URL has no host and port: {url!r}.")
        return cls(
            host=address.hostname,
            port=address.port,
            public_url=url.rstrip("/"),
            postgres_url=_needed(env, "HEADWATER_POSTGRES_URL"),
            trino_url=_needed(env, "HEADWATER_TRINO_URL"),
            dashboard=Path(__file__).parent / "dashboard" / "dist",
            kafka_bootstrap=env.get("HEADWATER_KAFKA_BOOTSTRAP", ""),
        )


def load_config() -> Config:
    """Read the process's own environment."""
    return Config.from_env(os.environ)


def control_url() -> str:
    """Return where the control plane's Postgres is: all that the migration needs."""
    return _needed(os.environ, "HEADWATER_POSTGRES_URL")


def _needed(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "")
    if not value:
        raise MissingSetting(f"{name} is not set; `headwater up` sets it for its programs.")
    return value
