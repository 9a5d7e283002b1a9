"""headwater sql: ask Trino, as a user that may only read."""

import sys
from typing import Final

import click

from cli.context import Context, pass_context
from cli.output import output_option, write_rows
from cli.rooms import ask_trino

_SHOWN: Final = 1_000  # rows a person is shown; JSON and CSV have no cap


@click.command(help='Run SQL: headwater sql "SELECT ..."; - reads it from stdin.')
@click.argument("statement")
@output_option
@pass_context
def command(context: Context, statement: str, output: str) -> None:
    """Write the rows to stdout. Unqualified names are views of schema `analytics`."""
    text = sys.stdin.read() if statement == "-" else statement
    answer = ask_trino(context, text.strip().rstrip(";"))
    rows = answer.as_dicts()
    shown = rows[:_SHOWN] if output == "human" else rows
    write_rows(shown, output, answer.columns)
    if len(shown) < len(rows):
        context.say(f"{len(shown)} of {len(rows)} rows shown; --output csv or json writes all")
