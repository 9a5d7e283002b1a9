"""One home: the folder that holds the data, logs and run files of all components."""

import json
import os
import secrets
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

PORT_NAMES: Final = (
    "postgres",
    "kafka",
    "kafka_controller",
    "jobmanager_rest",
    "jobmanager_rpc",
    "trino",
    "edge",
    "serving",
    "dagster",
    "dagster_code",
)
SECRET_NAMES: Final = ("postgres", "cookies", "kafka_cluster")
_FOLDERS: Final = ("run", "logs", "warehouse", "checkpoints", "dagster", "etc", "tmp")


@dataclass(frozen=True)
class Home:
    """Paths inside one home. Two homes share nothing but the download cache."""

    path: Path

    @property
    def run(self) -> Path:
        """Return the folder of ports, secrets, status and locks."""
        return self.path / "run"

    @property
    def status_file(self) -> Path:
        """Return where the supervisor writes what runs."""
        return self.run / "status.json"

    def log(self, component: str) -> Path:
        """Return the log file of a component."""
        return self.path / "logs" / f"{component}.log"

    def create(self) -> None:
        """Make the folders; an existing home is left as it is."""
        self.path.mkdir(parents=True, exist_ok=True)
        for name in _FOLDERS:
            (self.path / name).mkdir(exist_ok=True)

    def clear_tmp(self) -> None:
        """Empty `tmp`: what killed programs left there is of no use to anybody."""
        shutil.rmtree(self.path / "tmp", ignore_errors=True)
        (self.path / "tmp").mkdir()

    def ports(self) -> dict[str, int]:
        """Return the ports of this home, chosen free the first time and kept."""
        kept = _read(self.run / "ports.json")
        missing = [name for name in PORT_NAMES if name not in kept]
        if missing:
            self.create()
            kept |= dict(zip(missing, free_ports(len(missing)), strict=True))
            write_whole(self.run / "ports.json", kept)
        return {name: int(kept[name]) for name in PORT_NAMES}

    def clock(self, wanted: str) -> str:
        """Return the clock of this home, `wall` or `replay`: `wanted` the first time, then kept.

        Topics made for one clock hold times of the other wrong, so a home never changes its clock.
        """
        kept = _read(self.run / "home.json")
        if "clock" not in kept:
            self.create()
            kept["clock"] = wanted
            write_whole(self.run / "home.json", kept)
        return str(kept["clock"])

    def secrets(self) -> dict[str, str]:
        """Return the secrets of this home, made the first time, readable by its owner only."""
        kept = _read(self.run / "secrets.json")
        missing = [name for name in SECRET_NAMES if name not in kept]
        if missing:
            self.create()
            kept |= {name: secrets.token_hex(16) for name in missing}
            write_whole(self.run / "secrets.json", kept, mode=0o600)
        return {name: str(kept[name]) for name in SECRET_NAMES}


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on; all are held open until the last is found."""
    held = [socket.socket() for _ in range(count)]
    try:
        for listener in held:
            listener.bind(("127.0.0.1", 0))
        return [listener.getsockname()[1] for listener in held]
    finally:
        for listener in held:
            listener.close()


def _read(path: Path) -> dict[str, Any]:
    try:
        kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return kept


def write_whole(path: Path, content: object, mode: int = 0o644) -> None:
    """Write JSON so that a reader sees the old file or the new one, never half of it."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
