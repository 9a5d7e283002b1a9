"""Settings of the lake's programs, read from the environment once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.catalog import Catalog, CatalogError
from pipelines.lake.errors import MissingSetting


@dataclass(frozen=True)
class Config:
    """Where the catalog, Trino, the control plane's Postgres, recordings and exports are."""

    catalog: Catalog
    trino_url: str
    control_url: str
    recordings: str = ""
    exports: Path | None = None


def load_config(env: Mapping[str, str] | None = None) -> Config:
    """Read the environment, or raise MissingSetting naming the variable."""
    env = os.environ if env is None else env
    try:
        catalog = Catalog.from_env(env)
    except CatalogError as error:
        raise MissingSetting(str(error)) from error
    return Config(
        catalog=catalog,
        trino_url=_needed(env, "HEADWATER_TRINO_URL"),
        control_url=_needed(env, "HEADWATER_POSTGRES_URL"),
        recordings=env.get("HEADWATER_RECORDINGS", ""),
        exports=Path(folder) if (folder := env.get("HEADWATER_EXPORTS")) else None,
    )


def _needed(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "")
    if not value:
        raise MissingSetting(f"{name} is not set; `headwater up` sets it for its programs.")
    return value
