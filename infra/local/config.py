"""What infra/local takes from the environment, read once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).parents[2]


@dataclass(frozen=True)
class Config:
    """Where downloads lie, which clock the edge uses, and what children inherit."""

    cache: Path
    maven_url: str | None
    clock: str
    inherited: Mapping[str, str]


_NOT_INHERITED: Final = ("HEADWATER_", "FLINK_", "DAGSTER_", "JAVA_", "PG", "PYTHONPATH", "LC_")


def load_config(environment: Mapping[str, str] | None = None) -> Config:
    """Read HEADWATER_CACHE, HEADWATER_MAVEN_URL and HEADWATER_CLOCK (wall or replay).

    Children inherit the rest (PATH, proxies, certificates) but nothing that names another home.
    """
    env = os.environ if environment is None else environment
    cache = env.get("HEADWATER_CACHE") or "~/.cache/headwater"
    clock = env.get("HEADWATER_CLOCK") or "wall"
    if clock not in ("wall", "replay"):
        raise ValueError(f"HEADWATER_CLOCK is {clock!r}; it must be wall or replay")
    inherited = {k: v for k, v in env.items() if not k.startswith(_NOT_INHERITED)}
    maven_url = env.get("HEADWATER_MAVEN_URL") or None
    return Config(Path(cache).expanduser().absolute(), maven_url, clock, inherited)
