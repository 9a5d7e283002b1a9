"""Objects by key, whole and durable: in a local folder, or in S3 and what speaks like it.

An address says which: `file:///folder`, or `s3://bucket/prefix` with `?region=`, and for others
than Amazon's `endpoint_override=host:port` and `scheme=http`. Credentials of S3 come from where
its own clients look: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, the machine's role.
"""

import errno
import os
import re
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from pyarrow.fs import S3FileSystem

_PART: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}")
_S3_OPTIONS: Final = frozenset({"region", "endpoint_override", "scheme"})
_S3_SECONDS: Final = 5.0
_S3_TRIES: Final = 2


class BlobError(Exception):
    """The storage did not do what was asked; says what and where."""


class NoRoom(BlobError):
    """The storage is full."""


class BadAddress(BlobError):
    """The address names no storage."""


class Blobs(Protocol):
    """Objects by key. Keys are names joined by `/`; all methods raise BlobError."""

    def put(self, key: str, content: bytes) -> None:
        """Keep an object; it is durable when this returns. The same key again replaces it."""

    def get(self, key: str) -> bytes:
        """Return an object."""

    def folders(self, under: str = "") -> list[str]:
        """Return the names that follow `under` in keys that go on after them, sorted."""

    def remove(self, under: str) -> int:
        """Remove all objects whose keys begin with `under/`; return how many there were."""


def open_blobs(address: str, floor_bytes: int = 0) -> Blobs:
    """Return the storage at that address; BadAddress says how one is written.

    A local folder with less than `floor_bytes` of free disk takes nothing more.
    """
    url = urlsplit(address)
    if url.scheme == "file" and url.path.startswith("/"):
        return LocalBlobs(Path(unquote(url.path)), floor_bytes)
    if url.scheme == "s3" and url.netloc:
        options = {name: values[-1] for name, values in parse_qs(url.query).items()}
        if not options.keys() - _S3_OPTIONS:
            return S3Blobs(f"{url.netloc}{url.path}".rstrip("/"), **options)
    known = ", ".join(sorted(_S3_OPTIONS))
    raise BadAddress(f"{address!r} is no storage: use file:///FOLDER or s3://BUCKET/PREFIX?{known}")


def checked_key(key: str) -> str:
    """Return the key; BlobError for one that could lead out of the storage."""
    if not all(_PART.fullmatch(part) for part in key.split("/")):
        raise BlobError(f"{key!r} is no key")
    return key


class LocalBlobs:
    """A folder on this machine's disk."""

    def __init__(self, folder: Path, floor_bytes: int = 0) -> None:
        self._folder = folder
        self._floor_bytes = floor_bytes

    def put(self, key: str, content: bytes) -> None:
        """Write, sync, give it its name, sync the folders: a crash leaves all of it or nothing."""
        path = self._folder / checked_key(key)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.draft")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if shutil.disk_usage(self._folder).free < self._floor_bytes + len(content):
                raise NoRoom(f"less than {self._floor_bytes} bytes are free for {self._folder}")
            try:
                _write_synced(draft, content)
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)
            for folder in path.parents[: len(key.split("/")) + 1]:
                _sync(folder)
        except OSError as error:
            kind = NoRoom if error.errno in (errno.ENOSPC, errno.EDQUOT) else BlobError
            raise kind(f"{self._folder}: {error.strerror or type(error).__name__}") from error

    def get(self, key: str) -> bytes:
        """Read a file."""
        try:
            return (self._folder / checked_key(key)).read_bytes()
        except OSError as error:
            raise BlobError(f"{key}: {error.strerror or type(error).__name__}") from error

    def folders(self, under: str = "") -> list[str]:
        """List folders; a folder that is not there has none."""
        place = self._folder / checked_key(under) if under else self._folder
        try:
            return sorted(entry.name for entry in os.scandir(place) if entry.is_dir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise BlobError(f"{place}: {error.strerror or type(error).__name__}") from error

    def remove(self, under: str) -> int:
        """Remove a folder; one that is not there holds nothing."""
        place = self._folder / checked_key(under)
        count = sum(1 for path in place.rglob("*") if path.is_file())
        try:
            shutil.rmtree(place)
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise BlobError(f"{place}: {error.strerror or type(error).__name__}") from error
        return count


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class S3Blobs:
    """A bucket, below a prefix."""

    def __init__(
        self, place: str, region: str = "us-east-1", endpoint_override: str = "", scheme: str = ""
    ) -> None:
        self._place = place
        self._files = _s3(region, endpoint_override or None, scheme or "https")

    def put(self, key: str, content: bytes) -> None:
        """Put the object; S3 answers when it is durable."""
        try:
            with self._files.open_output_stream(f"{self._place}/{checked_key(key)}") as file:
                file.write(content)
        except OSError as error:
            raise BlobError(words_of(error)) from error

    def get(self, key: str) -> bytes:
        """Get an object."""
        try:
            with self._files.open_input_stream(f"{self._place}/{checked_key(key)}") as file:
                return file.read()
        except OSError as error:
            raise BlobError(words_of(error)) from error

    def folders(self, under: str = "") -> list[str]:
        """List common prefixes."""
        from pyarrow.fs import FileType

        return sorted(
            info.base_name
            for info in self._under(under, is_deep=False)
            if info.type == FileType.Directory
        )

    def remove(self, under: str) -> int:
        """Delete all objects below a prefix."""
        from pyarrow.fs import FileType

        found = self._under(checked_key(under), is_deep=True)
        if not found:
            return 0
        try:
            self._files.delete_dir(f"{self._place}/{under}")
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise BlobError(words_of(error)) from error
        return sum(1 for info in found if info.type == FileType.File)

    def _under(self, under: str, *, is_deep: bool) -> list[Any]:
        from pyarrow.fs import FileSelector

        place = f"{self._place}/{under}".rstrip("/")
        try:
            selector = FileSelector(place, allow_not_found=True, recursive=is_deep)
            return list(self._files.get_file_info(selector))
        except OSError as error:
            raise BlobError(words_of(error)) from error


def _s3(region: str, endpoint: str | None, scheme: str) -> "S3FileSystem":
    """Return pyarrow's client; loaded only where S3 is used, because it is large."""
    from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem

    # Its published types are older than this: a small object is one request, not three.
    newer: dict[str, Any] = {"allow_delayed_open": True}
    return S3FileSystem(
        region=region,
        endpoint_override=endpoint,
        scheme="http" if scheme == "http" else "https",
        connect_timeout=_S3_SECONDS,
        request_timeout=_S3_SECONDS,
        retry_strategy=AwsStandardS3RetryStrategy(max_attempts=_S3_TRIES),
        **newer,
    )


def words_of(error: OSError) -> str:
    """Return the service's words without the key, which names a visitor's session."""
    text = str(error)
    return text[max(text.find("AWS Error"), 0) :][:300]
