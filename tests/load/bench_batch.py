"""What it costs to restate a month, beside DuckDB with the same queries and Parquet.

Two sizes of a day, ten times apart, give the slope. Each week is restated by Trino and then by
DuckDB, so that both meet the same machine. DuckDB writes its tables into one file of its own.
"""

import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from schemas.load import RULES
from tests.integration.lake_size import table_sizes
from tests.load.batch_duck import LEFT_OUT, DuckLake
from tests.load.batch_home import BatchHome, batch_home
from tests.load.report import Figure, Unmeasurable

TITLE: Final = "Restating a month"
DEFAULT_SIZE: Final = 100_000  # events of a day
_FIRST: Final = date(2026, 3, 1)
_DAYS: Final = 30
_WARM_DAYS: Final = 3
_THREADS: Final = 2
_MB: Final = 1_000_000
_SAME: Final = ("event_sessions", "sessions_restated", "touchpoints", "daily_page", "conversions")


@dataclass
class _Costs:
    """Of each request: wall and CPU seconds a day."""

    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @contextmanager
    def measured(self, cpu: Callable[[], float], days: int) -> Iterator[None]:
        """Add what the body takes."""
        began, cpu_before = time.monotonic(), cpu()
        yield
        self.seconds.append((time.monotonic() - began) / days)
        self.cpu.append((cpu() - cpu_before) / days)


def measure(size: int) -> list[Figure]:
    """Return what a day costs, of so many events and of a tenth of them; what a month leaves."""
    with batch_home() as home:
        small = _month(home, "tenth", size // 10)
        before = _file_count(home)
        whole = _month(home, "whole", size)
        files = _file_count(home) - before
    note = "before compaction"
    return [*small, *whole, Figure("files of a restated month, all tables", "", (files,), note)]


def _month(home: BatchHome, site_id: str, events: int) -> list[Figure]:
    """Restate a month in requests of a week, as `headwater backfill` does.

    The days before them warm Trino up and do not count.
    """
    home.add_days(site_id, _FIRST, _WARM_DAYS + _DAYS, events)
    _tell(f"{site_id}: {_WARM_DAYS + _DAYS} days of {events:,} events are there")
    duck = DuckLake(home.stack.home / f"{site_id}.duckdb", home.event_files(site_id), _THREADS)
    ours, theirs, memory = _Costs(), _Costs(), 0
    for dates in _requests():
        with ours.measured(home.cpu_seconds, len(dates)):
            runs = home.restate(site_id, dates)
        memory = max(memory, home.memory_bytes())
        with theirs.measured(_own_cpu, len(dates)):
            for run in runs:
                duck.restate(run)
        _tell(
            f"{site_id}: {dates[0]}..{dates[-1]} in {len(runs)} runs; seconds a day: "
            f"{ours.seconds[-1]:.1f}, DuckDB {theirs.seconds[-1]:.1f}"
        )
    _check_same(home, duck, site_id)
    return _figures(f"a day of {events:,} events", events, ours, theirs, memory)


def _requests() -> Iterator[list[date]]:
    days = [_FIRST + timedelta(days=number) for number in range(_WARM_DAYS + _DAYS)]
    yield days[:_WARM_DAYS]
    at_once = RULES.restating.request_days
    for begin in range(_WARM_DAYS, len(days), at_once):
        yield days[begin : begin + at_once]


def _figures(of: str, events: int, ours: _Costs, theirs: _Costs, memory: int) -> list[Figure]:
    seconds, cpu = tuple(ours.seconds[1:]), tuple(ours.cpu[1:])
    without = f"without {', '.join(LEFT_OUT)}, models; into a file of its own; {_THREADS} threads"
    return [
        Figure(f"{of}, all tables", "s", seconds, "by requests of a week"),
        Figure(f"{of}, CPU of Trino", "CPU-s", cpu),
        Figure(f"{of}, CPU of Trino per event", "us", tuple(c / events * 1e6 for c in cpu)),
        Figure(f"{of}, memory of Trino", "MB", (memory / _MB,), "the most after a request"),
        Figure(f"{of}, DuckDB", "s", tuple(theirs.seconds[1:]), without),
        Figure(f"{of}, CPU of DuckDB", "CPU-s", tuple(theirs.cpu[1:])),
        Figure(f"{of}, Trino beside DuckDB", "x time", _ratio(ours.seconds, theirs.seconds)),
        Figure(f"{of}, CPU of Trino beside DuckDB", "x CPU", _ratio(ours.cpu, theirs.cpu)),
    ]


def _ratio(ours: list[float], theirs: list[float]) -> tuple[float, ...]:
    return tuple(one / other for one, other in zip(ours[1:], theirs[1:], strict=True))


def _check_same(home: BatchHome, duck: DuckLake, site_id: str) -> None:
    """Raise Unmeasurable unless both wrote as many rows: then they answered the same questions."""
    for table in _SAME:
        ours, theirs = home.count(site_id, table), duck.count(table)
        if ours != theirs:
            raise Unmeasurable(f"{table}: {ours} rows by Trino, {theirs} by DuckDB")


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")


def _own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _file_count(home: BatchHome) -> int:
    sizes = [size for size in table_sizes(home.stack.home) if size.name != "events"]
    return sum(size.files.total() for size in sizes)
