"""Unpack bodies: gzip, deflate, br and zstd, each stopped where the limit is passed.

What a small body unpacks to is bounded before it is made: memory and time of a bomb are those of
an honest body at the limit.
"""

import zlib
from collections.abc import Callable
from typing import Final

import brotli
import zstandard

from ingest_edge.errors import BadRequest, TooLarge, UnsupportedMedia
from schemas.load import RULES

# What every gzip stream begins with.
GZIP_MAGIC: Final = b"\x1f\x8b"
MAX_BODY_BYTES: Final = RULES.delivery.max_batch_bytes
_GZIP_WINDOW: Final = 31  # zlib's number for the gzip wrapper with the largest window
_ZLIB_WINDOW: Final = 15
_RAW_WINDOW: Final = -15
# Windows above this are for archives; RFC 9659 allows senders on the web no more either.
_ZSTD_MAX_WINDOW_BYTES: Final = 8 * 1024 * 1024


def unpack(body: bytes, encoding: str) -> bytes:
    """Return the content of a body by its Content-Encoding; at most the limit of a batch.

    Raises BadRequest (bad_encoding), TooLarge or UnsupportedMedia (also for two encodings).
    """
    if encoding in ("", "identity"):
        return body
    unpacker = _UNPACKERS.get(encoding)
    if unpacker is None:
        known = ", ".join(sorted(_UNPACKERS))
        msg = f"{encoding[:40]!r} is not read"
        raise UnsupportedMedia(("headers.content-encoding", msg, f"Send one of {known}, or none."))
    try:
        content = unpacker(body)
    except (zlib.error, brotli.error, zstandard.ZstdError) as error:
        raise _bad(encoding, str(error)) from error
    check_size(len(content))
    return content


def check_size(size: int, limit: int = MAX_BODY_BYTES) -> None:
    """Raise TooLarge for a size above the limit, that of a batch unless another is given."""
    if size > limit:
        raise TooLarge(("body", f"more than {limit} bytes", "Send smaller batches."))


def gunzip(body: bytes, limit: int = MAX_BODY_BYTES) -> bytes:
    """Return what one gzip stream holds; BadRequest (bad_compression) or TooLarge."""
    try:
        content = _inflate(body, _GZIP_WINDOW, "gzip", limit)
    except zlib.error as error:
        raise _bad("gzip", str(error)) from error
    check_size(len(content), limit)
    return content


def _undeflate(body: bytes) -> bytes:
    """Return deflate content: in the zlib wrapper that RFC 9110 names, or bare as some send it."""
    is_wrapped = len(body) > 1 and body[0] & 15 == 8 and int.from_bytes(body[:2]) % 31 == 0
    return _inflate(body, _ZLIB_WINDOW if is_wrapped else _RAW_WINDOW, "deflate")


def _inflate(body: bytes, window: int, encoding: str, limit: int = MAX_BODY_BYTES) -> bytes:
    unpacker = zlib.decompressobj(window)
    content = unpacker.decompress(body, limit + 1)
    if len(content) <= limit and (not unpacker.eof or unpacker.unused_data):
        raise _bad(encoding, "the stream is cut off or followed by something")
    return content


def _unbrotli(body: bytes) -> bytes:
    """Return brotli content. The library stops at the end of a block: at most a MiB too late."""
    unpacker = brotli.Decompressor()
    content: bytes = unpacker.process(body, output_buffer_limit=MAX_BODY_BYTES + 1)
    if len(content) <= MAX_BODY_BYTES and not unpacker.is_finished():
        raise _bad("br", "the stream is cut off")
    return content


def _unzstd(body: bytes) -> bytes:
    """Return the content of one zstd frame.

    TRICKY: a frame may name its size, and the library sets as much memory aside before it reads
    on, so the size is asked for first.
    """
    size = zstandard.frame_content_size(body)
    check_size(size)
    is_size_known = size >= 0
    limit = MAX_BODY_BYTES + 1
    unpacker = zstandard.ZstdDecompressor(max_window_size=_ZSTD_MAX_WINDOW_BYTES)
    try:
        content = unpacker.decompress(body, max_output_size=limit, allow_extra_data=False)
        if not is_size_known and _follows(unpacker, body):
            raise _bad("zstd", "something follows the frame")
        return content
    except zstandard.ZstdError:
        # Cut off and too large read the same; the slower reader can tell.
        start = unpacker.stream_reader(body).read(limit)
        check_size(len(start))
        raise


def _follows(unpacker: zstandard.ZstdDecompressor, body: bytes) -> bool:
    """Tell whether anything stands behind a frame of unknown size; the library forgets to."""
    stream = unpacker.decompressobj()
    stream.decompress(body)
    return bool(stream.unused_data)


def _bad(encoding: str, why: str) -> BadRequest:
    fix = "Compress the whole body once, or drop Content-Encoding."
    return BadRequest(("body", f"not {encoding}: {why}", fix), code="bad_compression")


_UNPACKERS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "gzip": gunzip,
    "x-gzip": gunzip,
    "deflate": _undeflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
