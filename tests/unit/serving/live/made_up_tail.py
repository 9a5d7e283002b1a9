"""A topic's end, moved by hand."""

import json
from collections.abc import Callable
from typing import Any, Final

from schemas.load import FOLDER
from serving.live.tail import Arrived, Take

RECORD: Final[dict[str, Any]] = json.loads(
    (FOLDER / "examples/event/smallest.pass.json").read_text("utf-8")
)


def arrived(offset: int, site_id: str = "shop", **columns: Any) -> Arrived:
    """Return a record; its event has the number of its offset."""
    record = {**RECORD, "site_id": site_id, "event_id": f"e{offset}", **columns}
    return Arrived(site_id, f"0-{offset}", json.dumps(record).encode())


class MadeUpTail:
    """Gives what it is told to give; `is_away`: is never ready."""

    def __init__(self) -> None:
        self.is_away = False
        self.runs = 0
        self.is_running = False
        self.wanted: frozenset[str] = frozenset()
        self._take: Take = lambda many: None

    def start(self, take: Take, ready: Callable[[], None]) -> None:
        self.runs += 1
        self.is_running = True
        self._take = take
        if not self.is_away:
            ready()

    def want(self, sites: frozenset[str]) -> None:
        self.wanted = sites

    def stop(self) -> None:
        self.is_running = False

    def give(self, *records: Arrived) -> None:
        """Append records; as the real one, those of sites that nobody wants are skipped."""
        self._take([record for record in records if record.site_id in self.wanted])
