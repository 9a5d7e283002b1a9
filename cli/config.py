"""Everything the command takes from the environment, read once."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Config:
    """Where the home lies and how to talk to the person in front of it."""

    home: Path
    is_color_wanted: bool


def load_config(environment: dict[str, str] | None = None) -> Config:
    """Read HEADWATER_HOME and NO_COLOR; `~/.headwater` when no home is named."""
    env = dict(os.environ) if environment is None else environment
    home = env.get("HEADWATER_HOME") or "~/.headwater"
    return Config(Path(home).expanduser().absolute(), not env.get("NO_COLOR"))
