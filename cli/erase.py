"""headwater erase: forget a person of a site."""

import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from cli.context import Context, pass_context
from cli.errors import CliError, UsageFault
from cli.output import write_rows
from cli.rooms import READER, ask_trino, open_control, sql_of, told_plainly

if TYPE_CHECKING:
    from pipelines.lake.persons import Person
    from serving.control.erasures import Erasure

# Edges know within two seconds whom they must refuse; what they took before that is hidden, too.
_EDGES_FOLLOW_SECONDS: Final = 2.5


@click.command(help="Forget a person of a site: hidden at once, refused by edges.")
@click.option("--site", required=True, help="Id of the site.")
@click.option("--visitor", "visitors", multiple=True, metavar="ID", help="visitor_id; repeatable.")
@click.option("--user", metavar="ID", help="user_id: all browsers that were this user alone.")
@click.option("--dry-run", is_flag=True, help="Only tell which rows it would touch.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_context
def command(
    context: Context,
    site: str,
    visitors: tuple[str, ...],
    user: str | None,
    dry_run: bool,
    yes: bool,
) -> None:
    """Write the number of the erasure to stdout."""
    person = find_person(context, site, visitors, user)
    rows = _held(context, person)
    if dry_run:
        write_rows(rows, "human", ("table", "rows"))
        return
    _ask(context, rows, is_agreed=yes)
    made = _request(context, person)
    click.echo(made.erasure_id)
    _hide(context, made, person)
    context.say(f"hidden; next: headwater erasures show {made.erasure_id}")


def find_person(context: Context, site: str, visitors: Sequence[str], user: str | None) -> "Person":
    """Return whom the words name; what a shared browser did as somebody else is not theirs."""
    from pipelines.lake.persons import Person

    if not visitors and not user:
        raise UsageFault("Nobody is named.", fix="Give --visitor ID or --user ID.")
    if not user:
        return Person(site, tuple(visitors))
    found = ask_trino(context, sql_of("browsers_of_user"), [site, site, user]).as_dicts()
    own, shared = own_and_shared(found)
    if shared:
        context.say(f"shared with other users, of these only what {user} did: {', '.join(shared)}")
    return Person(site, tuple(dict.fromkeys([*visitors, *own])), user)


def own_and_shared(browsers: Sequence[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """Part visitors that were one user alone from those that were several."""
    own = [row["visitor_id"] for row in browsers if row["user_count"] == 1]
    return own, [row["visitor_id"] for row in browsers if row["user_count"] > 1]


def _held(context: Context, person: "Person") -> list[dict[str, Any]]:
    from pipelines.lake.persons import count_rows
    from pipelines.lake.trino import Trino

    trino = Trino(context.environment["HEADWATER_TRINO_URL"], READER)
    with told_plainly(context):
        counts = count_rows(trino, person)
    return [{"table": f"web.{table}", "rows": count} for table, count in counts.items()]


def _ask(context: Context, rows: Sequence[dict[str, Any]], *, is_agreed: bool) -> None:
    if not rows:
        context.say("no table holds them; edges will refuse them")
    if is_agreed:
        return
    if not sys.stdin.isatty():
        raise UsageFault("What is erased does not come back; nobody is here to ask.",
                         fix="Look with --dry-run, then give --yes.")  # fmt: skip
    count = sum(row["rows"] for row in rows)
    click.confirm(f"Forget {count} rows for good?", abort=True, err=True)


def _request(context: Context, person: "Person") -> "Erasure":
    from serving.control.erasures import request

    with open_control(context) as conn:
        return request(conn, person.site_id, person.visitor_ids, person.user_id)


def _hide(context: Context, made: "Erasure", person: "Person") -> None:
    """Write web.erasures and note it; once, however often it is asked for."""
    from pipelines.batch.erasures.model import record
    from pipelines.lake.trino import Trino
    from serving.control import erasures

    if made.hidden_at is not None:
        context.say(f"asked for before, at {made.requested_at:%Y-%m-%d %H:%M} UTC")
        return
    time.sleep(_EDGES_FOLLOW_SECONDS)
    trino = Trino(context.environment["HEADWATER_TRINO_URL"])
    with told_plainly(context):
        record(
            trino,
            made.erasure_id,
            person,
            made.requested_at,
            datetime.now(UTC),
            newest_offsets(context),
        )
    with open_control(context) as conn:
        erasures.hidden(conn, made.erasure_id)


def newest_offsets(context: Context) -> dict[tuple[str, int], int]:
    """Return the newest offset of each partition that events come through."""
    from pipelines.flink_jobs.errors import StreamError
    from pipelines.flink_jobs.kafka_state import Broker
    from schemas.load import TOPICS

    topics = [name for name, topic in TOPICS.items() if "event" in topic.records]
    try:
        broker = Broker(context.environment["HEADWATER_KAFKA_BOOTSTRAP"])
        try:
            held = broker.held(topics)
        finally:
            broker.close()
    except StreamError as error:
        raise CliError(
            f"Edges refuse the person, but nothing is hidden yet: {error}",
            where="Kafka",
            fix="Start it (`headwater up`) and give the same command again.",
        ) from error
    return {(part.topic_id, place[1]): part.end - 1 for place, part in held.items()}
