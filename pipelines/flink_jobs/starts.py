"""Where a job starts: the parameters of its SQL that differ from start to start, and no others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

# What is written with the place of its record, so that a start can go on after it: tables, a
# topic, and the two reasons of dead_letters.
MARKED: Final = (
    "events",
    "unique-events",
    "identities",
    "rejected_events",
    "recording_chunks",
    "not_json",
    "missing_field",
)

Marks = Mapping[tuple[str, int], int]  # (topic name, partition) -> newest offset


@dataclass(frozen=True)
class Start:
    """A start without state.

    Topics are read from `start_ms` (broker's time, epoch ms; 0: from the beginning). What lies at
    or below a sink's mark is not written to it again. Only sessions that begin after
    `complete_after_ms` are emitted (-1: all).
    """

    run_id: str
    start_ms: int = 0
    complete_after_ms: int = -1
    marks: Mapping[str, Marks] = field(default_factory=dict)

    def parameters(self) -> dict[str, str]:
        """Return the parameters as the SQL has them."""
        marks = {f"{n.replace('-', '_')}_mark": mark_sql(self.marks.get(n, {})) for n in MARKED}
        return marks | {
            "run_id": self.run_id,
            "start_ms": str(self.start_ms),
            "complete_after_ms": str(self.complete_after_ms),
        }

    def to_json(self) -> dict[str, Any]:
        """Return what from_json reads."""
        marks = {
            sink: [
                [topic, partition, offset] for (topic, partition), offset in sorted(places.items())
            ]
            for sink, places in self.marks.items()
        }
        return {
            "run_id": self.run_id,
            "start_ms": self.start_ms,
            "complete_after_ms": self.complete_after_ms,
            "marks": marks,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Start":
        """Return what to_json wrote."""
        marks = {
            sink: {(topic, partition): offset for topic, partition, offset in places}
            for sink, places in content["marks"].items()
        }
        return cls(content["run_id"], content["start_ms"], content["complete_after_ms"], marks)


def mark_sql(marks: Marks) -> str:
    """Return the expression of the newest offset already written, by the record's place."""
    arms = (
        f"WHEN topic_name = '{topic}' AND topic_partition = {partition} THEN {offset}"
        for (topic, partition), offset in sorted(marks.items())
    )
    return f"CASE {' '.join(arms)} ELSE -1 END" if marks else "-1"
