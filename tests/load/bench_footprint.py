"""What a running installation takes: snapshots, metadata, files a day, memory and disk.

Measures the home of HEADWATER_HOME as it is; let it run with traffic for two hours first.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psutil

from infra.local.home import Home
from infra.local.status import Status, load_status
from tests.integration.lake_size import table_sizes
from tests.load.report import Figure, Unmeasurable

TITLE: Final = "Footprint of a running installation"
DEFAULT_SIZE: Final = 1
_MB: Final = 1_000_000


def measure(size: int) -> list[Figure]:
    """Return what the home takes now; `size` has no meaning here."""
    home = Home(Path(os.environ.get("HEADWATER_HOME", Path.home() / ".headwater")))
    status = load_status(home)
    if status is None or not status.is_well or status.started_at is None:
        raise Unmeasurable(f"{home.path} is not up: start it with `headwater up`")
    minutes = (time.time() - status.started_at) / 60
    figures = [Figure("up for", "min", (round(minutes, 1),))]
    return [*figures, *_memory(status), *_disk(home), *_tables(home)]


def _memory(status: Status) -> Iterator[Figure]:
    for name, component in status.components.items():
        if component.pid is not None and psutil.pid_exists(component.pid):
            process = psutil.Process(component.pid)
            family = [process, *process.children(recursive=True)]
            # TRICKY: shared pages counted once: Postgres would otherwise be counted per child.
            used = sum(member.memory_full_info().pss for member in family)
            cpu = sum(sum(member.cpu_times()[:2]) for member in family)
            yield Figure(f"memory of {name}", "MB", (used / _MB,), f"{cpu:.0f} CPU-s so far")


def _disk(home: Home) -> Iterator[Figure]:
    for folder in sorted(path for path in home.path.iterdir() if path.is_dir()):
        size = sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())
        yield Figure(f"disk of {folder.name}/", "MB", (size / _MB,))


def _tables(home: Home) -> Iterator[Figure]:
    for size in table_sizes(home.path):
        yield Figure(f"snapshots of {size.name}", "", (float(size.snapshots),))
        yield Figure(f"metadata of {size.name}", "MB", (size.metadata_bytes / _MB,))
        files, days = float(size.files.total()), len(size.files)
        yield Figure(f"data files of {size.name}", "", (files,), f"in {days} partitions")
