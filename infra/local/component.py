"""One thing the supervisor keeps: a process that stays, or a task that ends."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Kind(StrEnum):
    """Whether a component is meant to go on or to end."""

    PROCESS = "process"
    TASK = "task"


@dataclass(frozen=True)
class Launch:
    """A command with the settings it is started with."""

    command: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None


def _nothing() -> None:
    """Do nothing after a start."""


@dataclass(frozen=True)
class Component:
    """A node of the graph of what runs.

    `prepare` writes the settings and returns the command; it runs before every start, in a
    thread, and may raise. `is_ready` and `is_alive` answer within seconds and raise nothing:
    ready means of use to others; one that is not alive for a minute hangs and is started again,
    so `is_alive` may not depend on another component. `after_ready`
    runs once after each start, before anything that needs the component. A component whose
    `module` does not exist is skipped and counts as ready. `ends_before` names components that it
    uses without needing them to start.
    """

    name: str
    kind: Kind
    needs: tuple[str, ...]
    prepare: Callable[[], Launch]
    is_ready: Callable[[], bool] = lambda: True
    is_alive: Callable[[], bool] = lambda: True
    after_ready: Callable[[], None] = _nothing
    url: str = ""
    module: str = ""
    ends_before: tuple[str, ...] = ()
    stop_signal: int = 15
    stop_seconds: float = 20.0
    ready_seconds: float = 180.0


def closure(components: list[Component], names: list[str]) -> list[Component]:
    """Return the named components with all they need, in the order of `components`.

    Raises KeyError naming the first component that does not exist.
    """
    by_name = {component.name: component for component in components}
    wanted: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            waiting.extend(by_name[name].needs)
    return [component for component in components if component.name in wanted]


def stop_levels(components: list[Component]) -> list[list[Component]]:
    """Return groups to stop one after the other: nobody is stopped before who needs it."""
    left = {component.name: component for component in components}
    levels = []
    while left:
        needed = {n for c in left.values() for n in (*c.needs, *c.ends_before)}
        level = [component for name, component in left.items() if name not in needed]
        if not level:
            raise ValueError(f"components need each other in a circle: {', '.join(left)}")
        levels.append(level)
        for component in level:
            del left[component.name]
    return levels
