"""The record of launches: which job was started when, from where. One file a job under the home."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from pipelines.flink_jobs.restore import Checkpoint, Commit, Launch
from pipelines.flink_jobs.starts import Start

# Lines of restored launches are followed back to their stateless start: more than any line needs.
_KEPT: Final = 500


def folder(home: Path) -> Path:
    """Return the folder of the records."""
    return home / "run" / "streams"


def read(home: Path, job: str) -> list[Launch]:
    """Return the launches of a job in the order of their time."""
    try:
        content = json.loads((folder(home) / f"{job}.json").read_text("utf-8"))
    except FileNotFoundError:
        return []
    return [_launch(launch) for launch in content]


def write(home: Path, job: str, launches: Sequence[Launch]) -> None:
    """Replace the record as a whole; it is on disk before this returns."""
    folder(home).mkdir(parents=True, exist_ok=True)
    place = folder(home) / f"{job}.json"
    draft = place.with_suffix(f".{os.getpid()}")
    with draft.open("w", encoding="utf-8") as file:
        json.dump([_content(launch) for launch in launches[-_KEPT:]], file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(place)


def add(home: Path, job: str, launch: Launch) -> None:
    """Append a launch to the job's record."""
    write(home, job, [*read(home, job), launch])


def keep_savepoint(home: Path, job: str, savepoint: Checkpoint) -> None:
    """Record what was taken when a launch was stopped, so that whoever starts it next finds it."""
    known = [
        replace(launch, savepoint=savepoint) if launch.job_id == savepoint.job_id else launch
        for launch in read(home, job)
    ]
    write(home, job, known)


def superseded(known: Sequence[Launch]) -> list[str]:
    """Return the ids of jobs whose checkpoints nobody can want any more.

    The newest launch and the one before it are kept, and what they were restored from.
    """
    newest = known[-2:]
    wanted = {launch.job_id for launch in newest}
    wanted |= {launch.restored.job_id for launch in newest if launch.restored}
    return [launch.job_id for launch in known if launch.job_id not in wanted]


def _content(launch: Launch) -> dict[str, Any]:
    return asdict(launch) | {"start": launch.start.to_json()}


def _launch(content: dict[str, Any]) -> Launch:
    restored, savepoint = content["restored"], content.get("savepoint")
    return Launch(
        job_id=content["job_id"],
        fingerprint=content["fingerprint"],
        start=Start.from_json(content["start"]),
        restored=Checkpoint(**restored) if restored else None,
        baseline={t: Commit(**c) if c else None for t, c in content["baseline"].items()},
        lost=tuple(content["lost"]),
        version=content.get("version", ""),
        savepoint=Checkpoint(**savepoint) if savepoint else None,
    )
