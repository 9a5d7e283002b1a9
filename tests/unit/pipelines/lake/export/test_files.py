"""Rows of every type of column, written and read back."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from pyarrow import parquet

from pipelines.lake.export.errors import ExportRefused
from pipelines.lake.export.files import drafted, write_rows
from pipelines.lake.trino import Column, Stream
from schemas.exports import Format

# Type -> as Trino writes it, as Parquet reads it, as JSON has it, as CSV has it.
CASES: Final[dict[str, tuple[Any, Any, Any, str]]] = {
    "varchar": ('a,"ü"\r\n', 'a,"ü"\r\n', 'a,"ü"\r\n', 'a,"ü"\r\n'),
    "varchar(3)": (" x ", " x ", " x ", " x "),
    "boolean": (True, True, True, "true"),
    "integer": (-7, -7, -7, "-7"),
    "bigint": (2**62, 2**62, 2**62, str(2**62)),
    "double": (0.1, 0.1, 0.1, "0.1"),
    "date": ("1969-12-31", date(1969, 12, 31), "1969-12-31", "1969-12-31"),
    "decimal(38,4)": (
        "1234567890123456789012345678901234.0123",
        Decimal("1234567890123456789012345678901234.0123"),
        "1234567890123456789012345678901234.0123",
        "1234567890123456789012345678901234.0123",
    ),
    "timestamp(6) with time zone": (
        "2026-03-29 01:00:00.000001 UTC",
        datetime(2026, 3, 29, 1, 0, 0, 1, UTC),
        "2026-03-29T01:00:00.000001Z",
        "2026-03-29T01:00:00.000001Z",
    ),
    "timestamp(3) with time zone": (
        "2026-03-29 03:00:00.500 Europe/Berlin",
        datetime(2026, 3, 29, 1, 0, 0, 500_000, UTC),
        "2026-03-29T01:00:00.500000Z",
        "2026-03-29T01:00:00.500000Z",
    ),
    "array(varchar)": (["a", None], ["a", None], ["a", None], '["a",null]'),
}


def stream_of(rows: list[list[Any]], at_once: int = 2) -> Stream:
    columns = tuple(Column(f"c{n}", kind) for n, kind in enumerate(CASES))
    parts: Iterator[list[list[Any]]] = (
        rows[start : start + at_once] for start in range(0, len(rows), at_once)
    )
    return Stream(columns, parts)


ROWS: Final = [[case[0] for case in CASES.values()], [None] * len(CASES)] * 3


def written(form: Format, rows: list[list[Any]]) -> bytes:
    out = io.BytesIO()
    told: list[int] = []
    assert write_rows(form, stream_of(rows), out, told.append) == len(rows) == sum(told)
    return out.getvalue()


def test_parquet_reads_back() -> None:
    table = parquet.read_table(io.BytesIO(written(Format.PARQUET, ROWS)))
    found = [list(row.values()) for row in table.to_pylist()]
    assert found == [[case[1] for case in CASES.values()], [None] * len(CASES)] * 3


def test_json_reads_back() -> None:
    lines = written(Format.JSON, ROWS).decode().split("\n")
    assert lines.pop() == ""
    found = [list(json.loads(line).values()) for line in lines]
    assert found == [[case[2] for case in CASES.values()], [None] * len(CASES)] * 3


def test_csv_reads_back() -> None:
    text = io.StringIO(written(Format.CSV, ROWS).decode(), newline="")
    header, *rows = csv.reader(text)
    assert header == [f"c{n}" for n in range(len(CASES))]
    assert rows == [[case[3] for case in CASES.values()], [""] * len(CASES)] * 3


def test_csv_tells_an_empty_text_from_none() -> None:
    out = io.BytesIO()
    columns = (Column("a", "varchar"), Column("b", "varchar"))
    write_rows(Format.CSV, Stream(columns, iter([[["", None]]])), out)
    assert out.getvalue() == b'a,b\n"",\n'


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_json_has_no_word_for_is_text_there(word: str) -> None:
    column = (Column("a", "double"),)
    text, table = io.BytesIO(), io.BytesIO()
    write_rows(Format.JSON, Stream(column, iter([[[word]]])), text)
    write_rows(Format.PARQUET, Stream(column, iter([[[word]]])), table)
    assert json.loads(text.getvalue()) == {"a": word}
    (value,) = parquet.read_table(table).column("a").to_pylist()
    assert repr(value) == repr(float(word))


@pytest.mark.parametrize("form", list(Format))
def test_no_rows_are_a_file_with_columns_and_nothing_in_it(form: Format) -> None:
    content = written(form, [])
    if form is Format.PARQUET:
        table = parquet.read_table(io.BytesIO(content))
        assert (table.num_rows, table.num_columns) == (0, len(CASES))
    else:
        assert content.count(b"\n") == (1 if form is Format.CSV else 0)


@pytest.mark.parametrize("form", list(Format))
def test_a_type_nobody_knows_is_refused_before_anything_is_written(form: Format) -> None:
    out = io.BytesIO()
    with pytest.raises(ExportRefused, match="map"):
        write_rows(form, Stream((Column("a", "map(varchar,bigint)"),), iter([[[{}]]])), out)
    assert out.getvalue() == b""


def test_parquet_writes_a_row_group_when_it_is_large_enough() -> None:
    out = io.BytesIO()
    column = (Column("a", "varchar"),)
    portions = ([["x" * 1_000 + str(n)] for n in range(2_000)] for _ in range(40))
    write_rows(Format.PARQUET, Stream(column, portions), out)
    file = parquet.ParquetFile(out)
    assert (file.metadata.num_rows, file.num_row_groups) == (80_000, 3)


def test_a_file_has_its_name_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b"before")
    with drafted(path) as file:
        file.write(b"after")
        assert path.read_bytes() == b"before"
    assert path.read_bytes() == b"after"
    assert list(tmp_path.iterdir()) == [path]


def test_what_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b"before")

    def tried() -> None:
        with drafted(path) as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        tried()
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]
