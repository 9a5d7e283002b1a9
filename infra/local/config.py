"""What infra/local takes from the environment, read once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).parents[2]


@dataclass(frozen=True)
class Config:
    """Where downloads lie, which clock and settings the edge uses, and what children inherit."""

    cache: Path
    maven_url: str | None
    clock: str
    edge_settings: Mapping[str, str]
    inherited: Mapping[str, str]


# Settings of programs that whoever starts a home may choose; the READMEs of ingest_edge,
# pipelines/flink_jobs and serving tell of them.
_PROXIES: Final = "HEADWATER_TRUSTED_PROXIES"
_EDGE_SETTINGS: Final = (
    _PROXIES,
    "HEADWATER_EDGE_LOG_AFTER_MS",
    "HEADWATER_EDGE_LOG_FLOOR_BYTES",
    "HEADWATER_HEADER_ALIASES",
    "HEADWATER_JOBS",
    "HEADWATER_RECORDINGS",
    "HEADWATER_SMTP_HOST",
    "HEADWATER_SMTP_PORT",
    "HEADWATER_SMTP_TLS",
    "HEADWATER_SMTP_USER",
    "HEADWATER_SMTP_PASSWORD_FILE",
    "HEADWATER_SMTP_FROM",
)
_NOT_INHERITED: Final = ("HEADWATER_", "FLINK_", "DAGSTER_", "JAVA_", "PG", "PYTHONPATH", "LC_")


def load_config(environment: Mapping[str, str] | None = None) -> Config:
    """Read HEADWATER_CACHE, _MAVEN_URL, _CLOCK (wall or replay) and the edge's settings.

    Children inherit the rest (PATH, proxies, certificates) but nothing that names another home.
    """
    env = os.environ if environment is None else environment
    cache = env.get("HEADWATER_CACHE") or "~/.cache/headwater"
    clock = env.get("HEADWATER_CLOCK") or "wall"
    if clock not in ("wall", "replay"):
        raise ValueError(f"HEADWATER_CLOCK is {clock!r}; it must be wall or replay")
    _check_networks(env.get(_PROXIES, ""))
    inherited = {k: v for k, v in env.items() if not k.startswith(_NOT_INHERITED)}
    return Config(
        cache=Path(cache).expanduser().absolute(),
        maven_url=env.get("HEADWATER_MAVEN_URL") or None,
        clock=clock,
        edge_settings={name: env[name] for name in _EDGE_SETTINGS if env.get(name)},
        inherited=inherited,
    )


def _check_networks(text: str) -> None:
    """Let a wrong network stop the start here, not the edge later."""
    for network in text.split(","):
        try:
            ip_network(network.strip() or "::1")
        except ValueError as error:
            raise ValueError(
                f"{_PROXIES}: {error}; use networks such as 10.0.0.0/8,::1/128"
            ) from error
