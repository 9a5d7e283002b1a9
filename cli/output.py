"""Rows to stdout: as a table for people, as JSON or CSV for programs."""

import csv
import io
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import click

FORMATS: Final = ("human", "json", "csv")
Row = Mapping[str, Any]


def output_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a verb `--output human|json|csv`, passed on as `output`."""
    option = click.option(
        "--output",
        "-o",
        type=click.Choice(FORMATS),
        default="human",
        show_default=True,
        help="How rows are written to stdout.",
    )
    return option(function)


def write_rows(rows: Sequence[Row], output: str, columns: Sequence[str] = ()) -> None:
    """Write rows to stdout; `columns` names their order, by default that of the first row."""
    names = list(columns) or (list(rows[0]) if rows else [])
    sys.stdout.write(_WRITERS[output](rows, names))


def _as_json(rows: Sequence[Row], names: list[str]) -> str:
    picked = [{name: row.get(name) for name in names} for row in rows]
    return json.dumps(picked, indent=2, default=str, ensure_ascii=False) + "\n"


def _as_csv(rows: Sequence[Row], names: list[str]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return text.getvalue()


def _as_table(rows: Sequence[Row], names: list[str]) -> str:
    cells = [names, *[[_cell(row.get(name)) for name in names] for row in rows]]
    if not names:
        return "(no rows)\n"
    widths = [max(len(line[i]) for line in cells) for i in range(len(names))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) for line in cells]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "".join(line.rstrip() + "\n" for line in lines)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


_WRITERS: Final[dict[str, Callable[[Sequence[Row], list[str]], str]]] = {
    "human": _as_table,
    "json": _as_json,
    "csv": _as_csv,
}
