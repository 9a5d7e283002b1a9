"""Look over an installation and a home: what is wrong, and the command that mends it."""

import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import psutil

from infra.local.config import load_config
from infra.local.home import Home
from infra.local.manifest import MANIFEST
from infra.local.places import Environment, NotInstalled, cache_folder, java_home, packages
from infra.local.resources import RESOURCES
from infra.local.running import current_status
from infra.local.status import WELL
from infra.local.supervisor import is_locked

_GB: Final = 1e9
_MB: Final = 1024 * 1024
_OS_MB: Final = 1024  # what a machine needs beside our programs


class Verdict(StrEnum):
    """How a check came out."""

    GOOD = "✓"
    DOUBTFUL = "!"
    BAD = "✗"


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report; `fix` is a command or a change, empty when all is good."""

    verdict: Verdict
    check: str
    finding: str
    fix: str = ""


def examine(home: Home) -> list[Finding]:
    """Return all findings, what is needed first at the top. Changes nothing."""
    return [finding for check in _CHECKS for finding in check(home)]


def _python(home: Home) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    is_right = (3, 11) <= sys.version_info[:2] < (3, 13)
    fix = "" if is_right else "install Python 3.11 or 3.12, then make clean install"
    yield Finding(Verdict.GOOD if is_right else Verdict.BAD, "python", version, fix)


def _environments(home: Home) -> Iterator[Finding]:
    names: tuple[Environment, ...] = ("main", "flink")
    for name in names:
        try:
            java = java_home(name) / "bin" / "java"
            is_there = packages(name).exists() and java.exists()
        except NotInstalled:
            is_there = False
        if not is_there:
            yield Finding(Verdict.BAD, f"environment {name}", "incomplete", "make install")
            continue
        yield Finding(Verdict.GOOD, f"environment {name}", _java_version(java))


def _java_version(java: Path) -> str:
    done = subprocess.run([str(java), "--version"], capture_output=True, text=True, check=False)
    return (done.stdout.splitlines() or ["java does not start"])[0]


def _downloads(home: Home) -> Iterator[Finding]:
    for name, part in MANIFEST.items():
        if cache_folder(name).exists():
            yield Finding(Verdict.GOOD, f"download {name}", part.folder_name)
        else:
            yield Finding(Verdict.BAD, f"download {name}", "missing", "make install")


def _disk(home: Home) -> Iterator[Finding]:
    for what, path in (("home", home.path), ("cache", load_config().cache)):
        existing = next(p for p in (path, *path.parents) if p.exists())
        free = shutil.disk_usage(existing).free / _GB
        is_enough = free > RESOURCES.disk.floor_gb
        fix = "" if is_enough else f"free some space, or choose another --home than {path}"
        verdict = Verdict.GOOD if is_enough else Verdict.BAD
        yield Finding(verdict, f"disk of {what}", f"{free:.1f} GB free at {existing}", fix)


def _memory(home: Home) -> Iterator[Finding]:
    plan = RESOURCES
    workers = plan.flink.taskmanager_heap_mb + plan.flink.taskmanager_managed_mb
    engines = plan.kafka.heap_mb + plan.trino.heap_mb + plan.flink.jobmanager_mb + workers
    total = psutil.virtual_memory().total / _MB
    is_enough = total > engines + _OS_MB
    fix = "" if is_enough else "lower the heaps in infra/local/resources.toml"
    text = f"{total:.0f} MB, the engines may take {engines} MB"
    yield Finding(Verdict.GOOD if is_enough else Verdict.DOUBTFUL, "memory", text, fix)


def _ports(home: Home) -> Iterator[Finding]:
    """Look for strangers on the ports of a home that is down."""
    if not (home.run / "ports.json").exists():
        yield Finding(Verdict.GOOD, "ports", "chosen at the first up")
        return
    if is_locked(home):
        yield Finding(Verdict.GOOD, "ports", "in use by this home")
        return
    taken = [f"{name} {port}" for name, port in home.ports().items() if _is_taken(port)]
    if taken:
        fix = f"end who listens there, or remove {home.run / 'ports.json'} to choose others"
        yield Finding(Verdict.BAD, "ports", f"taken: {', '.join(taken)}", fix)
    else:
        yield Finding(Verdict.GOOD, "ports", "all free")


def _is_taken(port: int) -> bool:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _components(home: Home) -> Iterator[Finding]:
    status = current_status(home)
    if status is None or status.pid is None:
        yield Finding(Verdict.DOUBTFUL, "components", "nothing runs", "headwater up --detach")
        return
    for name, part in status.components.items():
        is_well = part.state in WELL
        text = f"{part.state} {part.message}".strip()
        fix = "" if is_well else f"look into {home.log(name)}"
        yield Finding(Verdict.GOOD if is_well else Verdict.BAD, name, text, fix)


_CHECKS: Final[tuple[Callable[[Home], Iterator[Finding]], ...]] = (
    _python,
    _environments,
    _downloads,
    _disk,
    _memory,
    _ports,
    _components,
)
