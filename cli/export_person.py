"""headwater export-person: all that is held of one person of a site, in a zip."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from cli.context import Context, pass_context
from cli.erase import find_person
from cli.errors import CliError, UsageFault
from cli.export import find_site, opened
from cli.progress import counted
from cli.rooms import ask_trino, sql_of, told_plainly

if TYPE_CHECKING:
    from pipelines.lake.export.person import Archive
    from pipelines.lake.export.readme import Held
    from serving.control.sites import Site


@click.command(help="Write all that is held of one person of a site into a zip.")
@click.option("--site", "site_id", required=True, help="Id of the site.")
@click.option("--visitor", "visitors", multiple=True, metavar="ID", help="visitor_id; repeatable.")
@click.option("--user", metavar="ID", help="user_id: with all browsers that were this user alone.")
@click.option("--output", "-o", required=True, metavar="FILE", help="The zip; - is stdout.")
@pass_context
def command(
    context: Context, site_id: str, visitors: tuple[str, ...], user: str | None, output: str
) -> None:
    """Write JSON lines for each kind of row, and a README.txt that says what they are."""
    from pipelines.lake.export.person import pack

    if not visitors and not user:
        raise UsageFault("Nobody is named.", fix="Give --visitor ID or --user ID.")
    site = find_site(context, site_id)
    _check_that_they_are_one(context, site_id, visitors, user)
    person = find_person(context, site_id, visitors, user)
    with told_plainly(context):
        archive = _archive(context, site)
        with opened(output) as out:
            told = counted(context, "export", "rows so far")
            held = pack(archive, person, datetime.now(UTC), out, told)
    _say(context, held, output)


def _check_that_they_are_one(
    context: Context, site_id: str, visitors: Sequence[str], user: str | None
) -> None:
    """Refuse a browser that somebody else used too: what they did is not this person's."""
    if not visitors:
        return
    values = [site_id, list(visitors)] * 2
    pairs = ask_trino(context, sql_of("users_of_visitors"), values).rows
    if shared := of_several(pairs, user):
        raise UsageFault(
            f"Visitors that were several users: {', '.join(shared)}.",
            fix="Give --user ID alone: of such a browser it takes what that user did.",
        )


def of_several(pairs: Sequence[Sequence[str]], user: str | None) -> list[str]:
    """Return the visitors that were other users than the person, sorted."""
    others: dict[str, set[str]] = {}
    for visitor, known in pairs:
        others.setdefault(visitor, set()).update({known} - {user})
    most = 0 if user else 1
    return sorted(visitor for visitor, users in others.items() if len(users) > most)


def _archive(context: Context, site: "Site") -> "Archive":
    from pipelines.blobs import BlobError, open_blobs
    from pipelines.lake.export.asked import tenant
    from pipelines.lake.export.person import Archive
    from schemas.recording import keep_days_of

    days = keep_days_of(site.settings)
    address = context.environment.get("HEADWATER_RECORDINGS")
    try:
        blobs = open_blobs(address) if address else None
    except BlobError as error:
        raise CliError(str(error), where="HEADWATER_RECORDINGS", fix="Mend the setting.") from error
    trino = tenant(context.environment["HEADWATER_TRINO_URL"], site.site_id)
    return Archive(trino, blobs, min(days, site.retention_days or days))


def _say(context: Context, held: "Held", output: str) -> None:
    found = ", ".join(f"{name} {lines:,}" for name, lines in held.lines.items())
    context.say(f"{output}: {found or 'nothing is held of this person'}")
    if held.unreadable:
        context.say(
            f"{len(held.unreadable)} pieces of recordings could not be read; see README.txt"
        )
