"""Fetch what the manifest lists into the cache. Standard library only (bootstrap runs it).

Safe when several run at once (one lock per cache), resumable (a `.part` file goes on where it
stopped), checked (nothing gets its final name before its SHA-256 is right).
"""

import fcntl
import hashlib
import shutil
import tarfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.local.manifest import MANIFEST, Artifact, Part
from infra.local.progress import Progress

_BLOCK: Final = 1 << 18
_ATTEMPTS: Final = 4
_TIMEOUT_SECONDS: Final = 60
# Of Trino's server only what a coordinator with one catalog uses.
_TRINO_PLUGINS: Final = ("resource-group-managers", "session-property-managers")


class DownloadError(RuntimeError):
    """A file could not be had, or is not the one the manifest names."""


@dataclass(frozen=True)
class Sources:
    """Where files come from: a Maven base address, and npm as a function (coordinates, folder)."""

    maven_url: str
    npm_pack: Callable[[str, Path], Path]


def fetch_all(cache: Path, sources: Sources, progress: Progress) -> None:
    """Bring every part of the manifest into the cache; what is there already is left alone."""
    cache.mkdir(parents=True, exist_ok=True)
    with _locked(cache):
        for part in MANIFEST.values():
            _fetch_part(cache, part, sources, progress)


def missing_bytes(cache: Path) -> int:
    """Return how much is still to be downloaded."""
    wanted = [part for part in MANIFEST.values() if not (cache / part.folder_name).exists()]
    return sum(
        artifact.bytes
        for part in wanted
        for artifact in part.artifacts
        if not _is_there(cache / "files" / artifact.file_name, artifact)
    )


@contextmanager
def _locked(cache: Path) -> Iterator[None]:
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch_part(cache: Path, part: Part, sources: Sources, progress: Progress) -> None:
    folder = cache / part.folder_name
    if folder.exists():
        return
    files = [_fetch(cache / "files", artifact, sources, progress) for artifact in part.artifacts]
    draft = folder.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    progress.note(f"unpacking {part.name}")
    _UNPACK.get(part.name, _link_all)(files, draft)
    draft.rename(folder)


def _fetch(folder: Path, artifact: Artifact, sources: Sources, progress: Progress) -> Path:
    target = folder / artifact.file_name
    if _is_there(target, artifact):
        return target
    folder.mkdir(parents=True, exist_ok=True)
    if artifact.registry == "npm":
        progress.note(f"npm pack {artifact.coordinates}")
        draft = sources.npm_pack(artifact.coordinates, folder)
    else:
        draft = _fetch_maven(target, artifact, sources.maven_url, progress)
    _check(draft, artifact)
    return draft.rename(target)


def _is_there(path: Path, artifact: Artifact) -> bool:
    return path.exists() and path.stat().st_size == artifact.bytes


def _fetch_maven(target: Path, artifact: Artifact, base: str, progress: Progress) -> Path:
    """Download, going on where an earlier attempt or run stopped."""
    draft = target.with_name(target.name + ".part")
    address = f"{base.rstrip('/')}/{artifact.maven_path}"
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            _append_rest(address, draft, artifact, progress)
            return draft
        except (OSError, urllib.error.URLError) as error:
            if attempt == _ATTEMPTS:
                raise DownloadError(
                    f"{artifact.coordinates} could not be downloaded: {error}. Check the network "
                    "or name a mirror in HEADWATER_MAVEN_URL; run again to go on."
                ) from error
    return draft


def _append_rest(address: str, draft: Path, artifact: Artifact, progress: Progress) -> None:
    have = draft.stat().st_size if draft.exists() else 0
    if have >= artifact.bytes:
        return
    if not address.startswith(("https://", "http://")):
        raise DownloadError(f"{address} is no http address; mend HEADWATER_MAVEN_URL")
    request = urllib.request.Request(address, headers={"Range": f"bytes={have}-"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
        is_rest = answer.status == 206
        with draft.open("ab" if is_rest else "wb") as file:
            progress.start(artifact.file_name, artifact.bytes, have if is_rest else 0)
            while block := answer.read(_BLOCK):
                file.write(block)
                progress.advance(len(block))
    if draft.stat().st_size < artifact.bytes:
        raise OSError("the connection ended early")


def _check(draft: Path, artifact: Artifact) -> None:
    with draft.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != artifact.sha256:
        draft.unlink()
        raise DownloadError(
            f"{artifact.coordinates} has SHA-256 {digest}, the manifest says {artifact.sha256}. "
            "It was removed; run again, and do not trust this source if it happens again."
        )


def _link_all(files: list[Path], folder: Path) -> None:
    for file in files:
        (folder / file.name).hardlink_to(file)


def _unpack_trino(files: list[Path], folder: Path) -> None:
    """Lay out the server's `lib` and the few plugins, with `plugin/iceberg` beside them."""
    server, iceberg = files
    wanted = ("lib/", *(f"plugin/{name}/" for name in _TRINO_PLUGINS))
    with tarfile.open(server) as archive:
        for member in archive:  # names stay as they are: jars are hard links to each other
            if member.name.partition("/")[2].startswith(wanted):
                archive.extract(member, folder, filter="data")
    unpacked = next(folder.glob("trino-server-*"))
    for child in unpacked.iterdir():
        child.rename(folder / child.name)
    unpacked.rmdir()
    with zipfile.ZipFile(iceberg) as archive:
        archive.extractall(folder / "plugin")  # noqa: S202 (its digest was checked)
    next((folder / "plugin").glob("trino-iceberg-*")).rename(folder / "plugin" / "iceberg")
    for file in files:
        file.unlink()


def _unpack_geo(files: list[Path], folder: Path) -> None:
    with tarfile.open(files[0]) as archive:
        for member in archive:
            if member.name.endswith(".mmdb"):
                member.name = Path(member.name).name
                archive.extract(member, folder, filter="data")
    files[0].unlink()


_UNPACK: Final[dict[str, Callable[[list[Path], Path], None]]] = {
    "trino": _unpack_trino,
    "geo": _unpack_geo,
}
