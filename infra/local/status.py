"""What runs in a home: run/status.json, written by the supervisor, read by everybody."""

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from infra.local.home import Home, write_whole


class State(StrEnum):
    """How a component is."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    DONE = "done"
    FAILED = "failed"
    RESTARTING = "restarting"
    STOPPING = "stopping"
    STOPPED = "stopped"
    SKIPPED = "skipped"


WELL = frozenset({State.READY, State.DONE, State.SKIPPED})


@dataclass
class ComponentStatus:
    """One component; `pid` and `started_at` (of the process) together name a process."""

    kind: str
    state: State = State.WAITING
    pid: int | None = None
    started_at: float | None = None
    url: str = ""
    restarts: int = 0
    seconds: float | None = None
    message: str = ""


@dataclass
class Status:
    """A home: its supervisor and its components, in the order in which they are listed."""

    home: str
    pid: int | None = None
    started_at: float | None = None
    is_stopping: bool = False
    components: dict[str, ComponentStatus] = field(default_factory=dict)

    @property
    def is_well(self) -> bool:
        """Whether every component is ready, done or not part of this checkout."""
        return all(component.state in WELL for component in self.components.values())

    def save(self, home: Home) -> None:
        """Write the file whole."""
        write_whole(home.status_file, asdict(self))


def load_status(home: Home) -> Status | None:
    """Return what was last written; None if the home was never started."""
    try:
        text: dict[str, Any] = json.loads(home.status_file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    parts = text.pop("components")
    components = {
        name: ComponentStatus(**(fields | {"state": State(fields["state"])}))
        for name, fields in parts.items()
    }
    return Status(**text, components=components)
