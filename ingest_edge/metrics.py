"""What the edge counts, as Prometheus reads it. Every name and label stands here."""

from bisect import bisect_left
from collections import Counter
from typing import Final, Literal

CounterName = Literal[
    "headwater_edge_events_accepted_total",
    "headwater_edge_events_dropped_total",
    "headwater_edge_requests_total",
    "headwater_edge_records_failed_total",
    "headwater_edge_heartbeats_total",
    "headwater_edge_requests_limited_total",
    "headwater_edge_log_appended_total",
    "headwater_edge_log_refused_total",
    "headwater_edge_log_replayed_total",
]
GaugeName = Literal[
    "headwater_edge_keys_stale",
    "headwater_edge_records_waiting",
    "headwater_edge_log_records",
    "headwater_edge_log_bytes",
    "headwater_edge_log_oldest_seconds",
    "headwater_edge_log_replaying",
]

_HELP: Final[dict[str, str]] = {
    "headwater_edge_events_accepted_total": "Events made durable, by topic.",
    "headwater_edge_events_dropped_total": "Events refused or left out, by reason.",
    "headwater_edge_requests_total": "Requests answered, by status.",
    "headwater_edge_records_failed_total": "Records the broker did not acknowledge, by topic.",
    "headwater_edge_heartbeats_total": "Heartbeats sent, by topic.",
    "headwater_edge_requests_limited_total": "Requests answered 429, by whose limit was passed.",
    "headwater_edge_keys_stale": "1 while Postgres is away and known keys are served.",
    "headwater_edge_records_waiting": "Records sent to the broker and not yet acknowledged.",
    "headwater_edge_log_appended_total": "Records written to the log, by topic of the first.",
    "headwater_edge_log_refused_total": "Records the log had no room for, by topic of the first.",
    "headwater_edge_log_replayed_total": "Records sent from the log, by topic of the first.",
    "headwater_edge_log_records": "Records in the log that the broker has not acknowledged.",
    "headwater_edge_log_bytes": "Bytes in the log from the first such record on.",
    "headwater_edge_log_oldest_seconds": "Age of the first such record; 0 without one.",
    "headwater_edge_log_replaying": "1 while records wait in the log behind older ones.",
    "headwater_edge_ack_seconds": "From the first byte of a batch to its acknowledgement.",
}
_LABEL: Final[dict[CounterName, str]] = {
    "headwater_edge_events_accepted_total": "topic",
    "headwater_edge_events_dropped_total": "reason",
    "headwater_edge_requests_total": "status",
    "headwater_edge_records_failed_total": "topic",
    "headwater_edge_heartbeats_total": "topic",
    "headwater_edge_requests_limited_total": "limit",
    "headwater_edge_log_appended_total": "topic",
    "headwater_edge_log_refused_total": "topic",
    "headwater_edge_log_replayed_total": "topic",
}
_ACK_BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Counters of one process; plain integers, because one thread does the counting."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[CounterName, str]] = Counter()
        self._ack_counts = [0] * (len(_ACK_BOUNDS) + 1)
        self._ack_seconds = 0.0

    def add(self, name: CounterName, label: str, count: int = 1) -> None:
        """Count something under its label's value."""
        self._counts[name, label] += count

    def count(self, name: CounterName, label: str) -> int:
        """Return what was counted so far."""
        return self._counts[name, label]

    def observe_ack(self, seconds: float) -> None:
        """Count one acknowledgement and how long it took."""
        self._ack_counts[bisect_left(_ACK_BOUNDS, seconds)] += 1
        self._ack_seconds += seconds

    def render(self, gauges: dict[GaugeName, float]) -> str:
        """Return everything in Prometheus' text format."""
        lines: list[str] = []
        for name, label in _LABEL.items():
            lines += _head(name, "counter")
            lines += [
                f'{name}{{{label}="{value}"}} {count}'
                for (counted, value), count in sorted(self._counts.items())
                if counted == name
            ]
        for gauge, value in gauges.items():
            lines += [*_head(gauge, "gauge"), f"{gauge} {value:g}"]
        return "\n".join([*lines, *self._ack_lines()]) + "\n"

    def _ack_lines(self) -> list[str]:
        name, total = "headwater_edge_ack_seconds", 0
        lines = _head(name, "histogram")
        for bound, count in zip((*_ACK_BOUNDS, "+Inf"), self._ack_counts, strict=True):
            total += count
            lines.append(f'{name}_bucket{{le="{bound}"}} {total}')
        return [*lines, f"{name}_sum {self._ack_seconds:g}", f"{name}_count {total}"]


def _head(name: str, kind: str) -> list[str]:
    return [f"# HELP {name} {_HELP[name]}", f"# TYPE {name} {kind}"]
