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
    """Where downloads lie, which clock the edge uses, and what children inherit."""

    cache: Path
    maven_url: str | None
    clock: str
    trusted_proxies: str | None
    inherited: Mapping[str, str]


_NOT_INHERITED: Final = ("HEADWATER_", "FLINK_", "DAGSTER_", "JAVA_", "PG", "PYTHONPATH", "LC_")


def load_config(environment: Mapping[str, str] | None = None) -> Config:
    """Read HEADWATER_CACHE, _MAVEN_URL, _CLOCK (wall or replay) and _TRUSTED_PROXIES.

    Children inherit the rest (PATH, proxies, certificates) but nothing that names another home.
    """
    env = os.environ if environment is None else environment
    cache = env.get("HEADWATER_CACHE") or "~/.cache/headwater"
    clock = env.get("HEADWATER_CLOCK") or "wall"
    if clock not in ("wall", "replay"):
        raise ValueError(f"HEADWATER_CLOCK is {clock!r}; it must be wall or replay")
    inherited = {k: v for k, v in env.items() if not k.startswith(_NOT_INHERITED)}
    return Config(
        cache=Path(cache).expanduser().absolute(),
        maven_url=env.get("HEADWATER_MAVEN_URL") or None,
        clock=clock,
        trusted_proxies=_networks(env.get("HEADWATER_TRUSTED_PROXIES")),
        inherited=inherited,
    )


def _networks(text: str | None) -> str | None:
    """Return networks for the edge as they came; a wrong one stops the start, not the edge."""
    for network in (text or "").split(","):
        try:
            ip_network(network.strip() or "::1")
        except ValueError as error:
            raise ValueError(
                f"HEADWATER_TRUSTED_PROXIES: {error}; use networks such as 10.0.0.0/8,::1/128"
            ) from error
    return text or None
