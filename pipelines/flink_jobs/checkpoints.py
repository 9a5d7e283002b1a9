"""The completed checkpoints of a job on disk, and removing those that nothing can need."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pipelines.flink_jobs.restore import Checkpoint


def find(root: str, job_ids: Iterable[str]) -> list[Checkpoint]:
    """Return the completed checkpoints of these jobs under the folder `root` (a file: address).

    One without `_metadata` was not completed. Checkpoints in object storage are not listed here.
    """
    return [
        _checkpoint(job_id, place)
        for job_id in job_ids
        for place in sorted((_folder(root) / job_id).glob("chk-*/_metadata"))
    ]


def _checkpoint(job_id: str, metadata: Path) -> Checkpoint:
    folder = metadata.parent
    return Checkpoint(
        job_id=job_id,
        number=int(folder.name.removeprefix("chk-")),
        path=folder.as_uri(),
        completed_ms=int(metadata.stat().st_mtime * 1000),
    )


def is_there(checkpoint: Checkpoint) -> bool:
    """Whether its files still lie where they were written; elsewhere than on disk, trust it."""
    place = urlsplit(checkpoint.path)
    return place.scheme != "file" or (Path(unquote(place.path)) / "_metadata").is_file()


def remove(root: str, job_ids: Iterable[str]) -> list[str]:
    """Delete the folders of these jobs; return the ids of those that had one."""
    places = [_folder(root) / job_id for job_id in job_ids]
    present = [place for place in places if place.is_dir()]
    for place in present:
        shutil.rmtree(place, ignore_errors=True)
    return [place.name for place in present]


def _folder(root: str) -> Path:
    return Path(unquote(urlsplit(root).path))
