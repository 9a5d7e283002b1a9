"""Writes rows as they come into Parquet, CSV or JSON; a file has its name only once it is whole.

Memory is that of some rows: 2,000 of text, in Parquet those of one row group besides.
"""

import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import msgspec

from pipelines.lake.export.values import arrow_type, arrow_values, check_columns, texts
from pipelines.lake.trino import Stream
from schemas.exports import Format

if TYPE_CHECKING:
    import pyarrow as pa

_GROUP_ROWS: Final = 100_000
_GROUP_BYTES: Final = 32_000_000  # of Arrow's memory; some tens of columns make that 50,000 rows
_NEEDS_QUOTES: Final = re.compile(r'[",\r\n]|^\s|\s$|^$')
_TO_JSON: Final = msgspec.json.Encoder().encode
Told = Callable[[int], None]


def write_rows(form: Format, stream: Stream, out: IO[bytes], told: Told = lambda _: None) -> int:
    """Write all rows and return how many; `told` gets the number of each portion.

    Raises ExportRefused before anything is written, LakeError in the middle.
    """
    check_columns(stream.columns)
    count = 0
    for portion in _WRITERS[form](stream, out):
        count += portion
        told(portion)
    return count


def _write_json(stream: Stream, out: IO[bytes]) -> Iterator[int]:
    names = [column.name for column in stream.columns]
    for rows in stream.rows:
        made = (_TO_JSON(dict(zip(names, row, strict=True))) for row in _shown(stream, rows))
        out.write(b"".join(line + b"\n" for line in made))
        yield len(rows)


def _write_csv(stream: Stream, out: IO[bytes]) -> Iterator[int]:
    """Write RFC 4180 with a header. Null is nothing at all, an empty text is `""`."""
    out.write(_csv_line([column.name for column in stream.columns]))
    for rows in stream.rows:
        out.write(b"".join(_csv_line(row) for row in _shown(stream, rows)))
        yield len(rows)


def _csv_line(values: Any) -> bytes:
    return (",".join(map(_cell, values)) + "\n").encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else _TO_JSON(value).decode()
    return '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES.search(text) else text


def _shown(stream: Stream, rows: list[list[Any]]) -> Iterator[tuple[Any, ...]]:
    """Return rows as text formats have them, by way of their columns."""
    by_column = zip(*rows, strict=True)
    shown = (texts(*one) for one in zip(stream.columns, by_column, strict=True))
    return zip(*shown, strict=True)


def _write_parquet(stream: Stream, out: IO[bytes]) -> Iterator[int]:
    """Write row groups, each when it is large enough: columns keep the types of the view."""
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema([(column.name, arrow_type(column)) for column in stream.columns])
    held: list[pa.RecordBatch] = []
    with parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        for rows in stream.rows:
            columns = zip(stream.columns, zip(*rows, strict=True), strict=True)
            held.append(pa.record_batch([arrow_values(*one) for one in columns], schema=schema))
            if _is_group(held):
                writer.write_table(pa.Table.from_batches(held))
                held.clear()
            yield len(rows)
        if held:
            writer.write_table(pa.Table.from_batches(held))


def _is_group(held: "list[pa.RecordBatch]") -> bool:
    rows, size = sum(one.num_rows for one in held), sum(one.nbytes for one in held)
    return bool(rows >= _GROUP_ROWS or size >= _GROUP_BYTES)


_WRITERS: Final[dict[Format, Callable[[Stream, IO[bytes]], Iterator[int]]]] = {
    Format.PARQUET: _write_parquet,
    Format.CSV: _write_csv,
    Format.JSON: _write_json,
}


@contextmanager
def drafted(path: Path) -> Iterator[IO[bytes]]:
    """Lend a file that gets its name when all went well; else it leaves nothing."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.draft")
    try:
        with draft.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
