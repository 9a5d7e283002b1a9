"""Rows as a table, JSON or CSV."""

import csv
import io
import json
from typing import Any

import pytest

from cli.output import write_rows

ROWS: list[dict[str, Any]] = [
    {"page": "/a,b", "views": 3, "is_bounce": True, "note": None},
    {"page": 'say "hi"', "views": 10, "is_bounce": False, "note": "x"},
]


def test_a_table_lines_up(capsys: pytest.CaptureFixture[str]) -> None:
    write_rows([{"name": "a", "n": 1}, {"name": "long one", "n": None}], "human")
    assert capsys.readouterr().out == "name      n\n--------  -\na         1\nlong one\n"


def test_json_keeps_types(capsys: pytest.CaptureFixture[str]) -> None:
    write_rows(ROWS, "json")
    assert json.loads(capsys.readouterr().out) == ROWS


def test_csv_is_read_back(capsys: pytest.CaptureFixture[str]) -> None:
    write_rows(ROWS, "csv")
    back = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["page"] for row in back] == ["/a,b", 'say "hi"']
    assert back[0] == {"page": "/a,b", "views": "3", "is_bounce": "true", "note": ""}


def test_columns_choose_and_order(capsys: pytest.CaptureFixture[str]) -> None:
    write_rows(ROWS, "csv", ["views", "page"])
    assert capsys.readouterr().out.splitlines()[0] == "views,page"


@pytest.mark.parametrize(("output", "said"), [("human", "(no rows)\n"), ("json", "[]\n")])
def test_no_rows(capsys: pytest.CaptureFixture[str], output: str, said: str) -> None:
    write_rows([], output)
    assert capsys.readouterr().out == said
