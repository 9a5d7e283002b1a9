"""headwater held: look at restatements that count for nobody yet, and switch to them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import click

from cli.context import Context, pass_context
from cli.errors import UsageFault
from cli.output import output_option, write_rows
from cli.rooms import READER, told_plainly

if TYPE_CHECKING:
    from pipelines.batch.held_runs.model import Difference, HeldRun
    from pipelines.lake.trino import Trino

_COLUMNS: Final = ("run", "site", "from", "to", "days", "state", "made_at", "reason")


@click.group(help="Compare restatements that are held back with what counts; switch to them.")
def command() -> None:
    """Hold the verbs below. `headwater restate --hold` makes such a run."""


@command.command("list", help="List runs that are or were held, oldest first.")
@click.option("--site", help="Id of a site; all when not given.")
@output_option
@pass_context
def list_all(context: Context, site: str | None, output: str) -> None:
    """Write one row per run."""
    from pipelines.batch.held_runs.model import held_runs

    with _told(context):
        runs = held_runs(_trino(context, READER), datetime.now(UTC), site)
    write_rows([_row(run) for run in runs], output, _COLUMNS)
    if not runs:
        context.say("next: headwater restate --hold --site SITE --from DAY --to DAY --wait")


@command.command("compare", help="Show what RUN finds otherwise than the run that counts.")
@click.argument("run")
@click.option("--table", default="daily_site", show_default=True, help="A table of days.")
@click.option("--by", multiple=True, metavar="COLUMN", help="One row for each value; repeatable.")
@output_option
@pass_context
def compare(context: Context, run: str, table: str, by: tuple[str, ...], output: str) -> None:
    """Write one row per day and measure that differs."""
    from pipelines.batch.held_runs.model import differences

    trino = _trino(context, READER)
    with _told(context):
        found = differences(trino, _run(trino, run), table, by)
    columns = ("day", *by, "measure", "counting", "held", "change")
    write_rows([_compared(each, by) for each in found], output, columns)
    if not found:
        context.say(f"web.{table} says the same in both")
    context.say(f"next: headwater held switch {run}")


@command.command("switch", help="Let RUN count for its days from now on, all at once.")
@click.argument("run")
@pass_context
def switch(context: Context, run: str) -> None:
    """Switch; views read the run from the next question on."""
    from pipelines.batch.held_runs import model
    from pipelines.batch.locks import site_lock

    trino = _trino(context)
    with _told(context):
        site = _run(trino, run).site_id
        with site_lock(context.environment["HEADWATER_POSTGRES_URL"], site):
            held = _run(trino, run)
            model.switch(trino, held, datetime.now(UTC))
    context.say(f"{held.day_count} days of {site} are those of {run} now")


@contextmanager
def _told(context: Context) -> Iterator[None]:
    """Tell people what went wrong in words of theirs."""
    from pipelines.batch.errors import NotHeld

    with told_plainly(context):
        try:
            yield
        except NotHeld as error:
            raise UsageFault(str(error), fix="See `headwater held list`.") from error


def _trino(context: Context, user: str = "headwater") -> "Trino":
    from pipelines.lake.trino import Trino

    return Trino(context.environment["HEADWATER_TRINO_URL"], user)


def _run(trino: "Trino", run_id: str) -> "HeldRun":
    from pipelines.batch.held_runs.model import held_runs

    found = held_runs(trino, datetime.now(UTC), run_id=run_id)
    if not found:
        raise UsageFault(f"No run {run_id!r} is held.", fix="See `headwater held list`.")
    return found[0]


def _row(run: "HeldRun") -> dict[str, Any]:
    return {
        "run": run.run_id,
        "site": run.site_id,
        "from": run.first_date,
        "to": run.last_date,
        "days": run.day_count,
        "state": run.state,
        "made_at": run.made_at.astimezone(UTC).isoformat(timespec="seconds"),
        "reason": run.reason,
    }


def _compared(found: "Difference", by: Sequence[str]) -> dict[str, Any]:
    return {
        "day": found.day,
        **dict(zip(by, found.by, strict=True)),
        "measure": found.measure,
        "counting": _number(found.counting),
        "held": _number(found.held),
        "change": _change(found.counting, found.held),
    }


def _number(value: Decimal | None) -> int | Decimal | None:
    return int(value) if value is not None and value == value.to_integral_value() else value


def _change(counting: Decimal | None, held: Decimal | None) -> str | None:
    if not counting or held is None:
        return None
    return f"{(held - counting) / abs(counting):+.1%}"
