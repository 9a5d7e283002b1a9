"""Compressed bodies: what may come in, what is wrong with the others, what a bomb costs."""

import gzip
import time
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Final

import brotli
import msgspec
import pytest
import zstandard

from ingest_edge.compression import MAX_BODY_BYTES, unpack
from ingest_edge.errors import BadRequest, Refused, TooLarge, UnsupportedMedia
from tests.unit.ingest_edge.fakes import Caller


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


def zstd_without_size(body: bytes) -> bytes:
    packer = zstandard.ZstdCompressor(write_content_size=False).compressobj()
    return packer.compress(body) + packer.flush()


PACKERS: Final[dict[str, tuple[str, Callable[[bytes], bytes]]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("x-gzip", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "bare deflate": ("deflate", raw_deflate),
    "br": ("br", lambda body: bytes(brotli.compress(body, quality=1))),
    "zstd": ("zstd", zstandard.ZstdCompressor().compress),
    "zstd, size unknown": ("zstd", zstd_without_size),
}
BODY: Final = msgspec.json.encode({"events": [{"event_name": "x"}] * 20, "visitor_id": "v"})


@pytest.mark.parametrize("name", PACKERS)
def test_each_encoding_is_read(edge: Caller, name: str) -> None:
    encoding, pack = PACKERS[name]
    answer = edge.post("/e", pack(BODY), headers={"content-encoding": encoding.upper()})
    assert (answer.status_code, answer.json()["accepted"]) == (200, 20)


@pytest.mark.parametrize("name", PACKERS)
def test_content_up_to_the_limit_comes_back_and_one_byte_more_does_not(name: str) -> None:
    encoding, pack = PACKERS[name]
    whole = bytes(range(256)) * (MAX_BODY_BYTES // 256 + 1)
    assert unpack(pack(whole[:MAX_BODY_BYTES]), encoding) == whole[:MAX_BODY_BYTES]
    with pytest.raises(TooLarge):
        unpack(pack(whole[: MAX_BODY_BYTES + 1]), encoding)


@pytest.mark.parametrize("name", PACKERS)
@pytest.mark.parametrize("damage", ["cut", "nothing", "junk", "longer"])
def test_damaged_stream_is_named(name: str, damage: str) -> None:
    encoding, pack = PACKERS[name]
    good = pack(BODY)
    sent = {"cut": good[:-5], "nothing": b"", "junk": b"junk" * 20, "longer": good + b"more"}
    with pytest.raises(BadRequest) as caught:
        unpack(sent[damage], encoding)
    assert caught.value.given_code == "bad_compression"


@pytest.mark.parametrize("encoding", ["compress", "gzip, br", "gzip,gzip", "GZIP\0", "é" * 100])
def test_other_encodings_are_refused_with_those_that_are_read(encoding: str) -> None:
    with pytest.raises(UnsupportedMedia, match="is not read"):
        unpack(b"x", encoding)


@pytest.mark.parametrize("name", PACKERS)
def test_bomb_costs_no_more_than_an_honest_body(name: str) -> None:
    encoding, pack = PACKERS[name]
    bomb = pack(b" " * 20_000_000)
    tracemalloc.start()
    started = time.thread_time()
    try:
        with pytest.raises(TooLarge):
            unpack(bomb, encoding)
        peak, spent = tracemalloc.get_traced_memory()[1], time.thread_time() - started
    finally:
        tracemalloc.stop()
    assert (peak < 5 * MAX_BODY_BYTES, spent < 0.25) == (True, True), (peak, spent)


def test_zstd_frame_that_asks_for_memory_is_refused() -> None:
    wide = zstandard.ZstdCompressionParameters(window_log=27, enable_ldm=True)
    frame = zstandard.ZstdCompressor(compression_params=wide).compress(BODY)
    # The same frame with another size in its header: 8 bytes that say 2**40.
    liar = frame[:4] + bytes([0b11000000, 0b10001000]) + (2**40).to_bytes(8, "little") + frame[8:]
    with pytest.raises(Refused):
        unpack(liar, "zstd")
