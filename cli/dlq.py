"""headwater dlq: look at the records that could not be read, and bring them back."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.context import Context, pass_context
from cli.errors import ChecksFailed, CliError
from cli.output import output_option, write_rows
from cli.rooms import ask_trino, sql_of

if TYPE_CHECKING:
    from pipelines.dead_letters import Mended


@click.group(help="Look at dead letters, records that could not be read, and bring them back.")
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
        context.say("next: headwater dlq show TOPIC PARTITION OFFSET, then dlq retry")


@command.command("show", help="Write the payload of one dead letter to stdout.")
@click.argument("topic")
@click.argument("partition", type=click.IntRange(min=0))
@click.argument("offset", type=click.IntRange(min=0))
@pass_context
def show(context: Context, topic: str, partition: int, offset: int) -> None:
    """Say the reason on stderr."""
    letter = _letter(context, topic, partition, offset)
    context.say(f"{letter['reason']} (taken in {letter['appended_at']})")
    click.echo(letter["payload"])


@command.command("retry", help="Put a dead letter into its topic again, mended from a file.")
@click.argument("topic")
@click.argument("partition", type=click.IntRange(min=0))
@click.argument("offset", type=click.IntRange(min=0))
@click.option(
    "--from", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The whole record as it should have been; without it, as it was.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Only say whether it can be read now.")
@pass_context
def retry(
    context: Context, topic: str, partition: int, offset: int, file: Path | None, dry_run: bool
) -> None:
    """Refuse what would only come back as a dead letter."""
    from pipelines.dead_letters import NotTaken, put_back

    letter = _letter(context, topic, partition, offset)
    mended = _mended(topic, f"{topic} {partition} {offset}", letter, file)
    if dry_run:
        context.say(f"It can be read now, as {mended.schema}.")
        return
    bootstrap = context.environment["HEADWATER_KAFKA_BOOTSTRAP"]
    try:
        place = put_back(bootstrap, mended)
    except NotTaken as error:
        raise CliError(
            str(error), where=f"Kafka at {bootstrap}", fix="See `headwater status`, then try again."
        ) from error
    context.say(
        f"taken at {topic} {place.partition} {place.offset}; "
        "an event that is older than some seconds counts when its day is restated"
    )


def _letter(context: Context, topic: str, partition: int, offset: int) -> dict[str, Any]:
    answer = ask_trino(context, sql_of("dead_letter"), [topic, partition, offset])
    if not answer.rows:
        raise CliError(
            f"No dead letter at {topic} {partition} {offset}.",
            where="table web.dead_letters",
            fix="See `headwater dlq ls`.",
        )
    return answer.as_dicts()[0]


def _mended(topic: str, place: str, letter: dict[str, Any], file: Path | None) -> "Mended":
    """Return the record to send, or say what is wrong with it and how it is mended."""
    from pipelines.dead_letters import Unusable, mend
    from schemas.load import RULES, TOPICS

    content = file.read_bytes() if file else letter["payload"].encode()
    steps = (
        f"headwater dlq show {place} > letter.json; mend it; "
        f"headwater dlq retry {place} --from letter.json"
    )
    if file is None and len(content) >= RULES.delivery.dead_letter_max_bytes:
        raise CliError(
            "The payload is kept only in part: it was too long.",
            where=place,
            fix="Give the whole record with --from FILE.",
        )
    try:
        return mend(TOPICS[topic], content)
    except Unusable as error:
        where = str(file) if file else place
        raise ChecksFailed("; ".join(error.reasons), where=where, fix=steps) from error
