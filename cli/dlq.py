"""headwater dlq: look at the records that could not be read."""

import click

from cli.context import Context, pass_context
from cli.errors import CliError
from cli.output import output_option, write_rows
from cli.rooms import ask_trino, sql_of


@click.group(help="Look at dead letters: records that could not be read.")
def command() -> None:
    """Hold the verbs below."""


@command.command("ls", help="List dead letters, newest first.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@output_option
@pass_context
def list_newest(context: Context, limit: int, output: str) -> None:
    """Write one row per dead letter, without its payload."""
    answer = ask_trino(context, sql_of("dead_letters"), [limit])
    write_rows(answer.as_dicts(), output, answer.columns)
    if answer.rows:
        context.say("next: headwater dlq show TOPIC PARTITION OFFSET")


@command.command("show", help="Write the payload of one dead letter to stdout.")
@click.argument("topic")
@click.argument("partition", type=click.IntRange(min=0))
@click.argument("offset", type=click.IntRange(min=0))
@pass_context
def show(context: Context, topic: str, partition: int, offset: int) -> None:
    """Say the reason on stderr."""
    answer = ask_trino(context, sql_of("dead_letter"), [topic, partition, offset])
    if not answer.rows:
        raise CliError(
            f"No dead letter at {topic} {partition} {offset}.",
            where="table web.dead_letters",
            fix="See `headwater dlq ls`.",
        )
    letter = answer.as_dicts()[0]
    context.say(f"{letter['reason']} (taken in {letter['appended_at']})")
    click.echo(letter["payload"])
