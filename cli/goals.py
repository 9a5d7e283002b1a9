"""headwater goals: define, list and remove what a site wants to happen."""

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from cli.context import Context, pass_context
from cli.errors import UsageFault
from cli.output import output_option, write_rows
from cli.restate import read_day
from cli.rooms import open_control
from schemas.goals import MATCHES

if TYPE_CHECKING:
    from serving.control.goals import Changed, SiteGoal

_COLUMNS: Final = (
    "site_id", "goal_id", "name", "kind", "reached_by", "counts_from", "counts_until",
)  # fmt: skip
_restate_option = click.option(
    "--restate-from",
    callback=read_day,
    metavar="DAY",
    help="Local day from which on days are computed again with the change.",
)


@click.group(help="Define, list and remove the goals of a site.")
def command() -> None:
    """Hold the verbs below."""


@command.command("add", help="Define a goal of SITE: GOAL is its id in every table.")
@click.argument("site")
@click.argument("goal")
@click.option("--name", default="", help="Name people see; the id when not given.")
@click.option("--destination", "path", metavar="PATH", help="Page views of this path reach it.")
@click.option("--match", type=click.Choice(MATCHES),
              help="How --destination is compared; exact when not given.")  # fmt: skip
@click.option("--event", "event_name", metavar="NAME", help="Events of this name reach it.")
@click.option("--property", "properties", multiple=True, metavar="NAME=VALUE",
              help="With --event: only those with this property; all of several.")  # fmt: skip
@click.option("--duration", type=int, metavar="SECONDS", help="Sessions so long reach it.")
@click.option("--pages", type=int, metavar="COUNT", help="Sessions of so many page views.")
@click.option("--replace", is_flag=True, help="Change the goal of that id, archived or not.")
@_restate_option
@pass_context
def add(
    context: Context,
    /,
    site: str,
    goal: str,
    name: str,
    replace: bool,
    restate_from: date | None,
    **asked: Any,
) -> None:
    """Write the goal's id to stdout and what happens next to stderr."""
    from serving.control.goals import add_goal

    kind, condition = _condition(**asked)
    with open_control(context) as conn:
        done = add_goal(
            conn,
            site,
            goal,
            kind,
            condition,
            now=datetime.now(UTC),
            name=name,
            restate_from=restate_from,
            is_replacing=replace,
        )
    _tell(context, done)


@command.command("list", help="List goals, removed ones with the last day they counted on.")
@click.argument("site", required=False)
@output_option
@pass_context
def list_all(context: Context, site: str | None, output: str) -> None:
    """Write one row per goal."""
    from serving.control.goals import list_goals

    with open_control(context) as conn:
        goals = list_goals(conn, site)
    write_rows([_row(one) for one in goals], output, _COLUMNS)
    if not goals:
        context.say("next: headwater goals add SITE thanks --destination /thanks")


@command.command("remove", help="Count GOAL of SITE no more; days before keep their rows.")
@click.argument("site")
@click.argument("goal")
@_restate_option
@pass_context
def remove(context: Context, site: str, goal: str, restate_from: date | None) -> None:
    """Archive it; a second time is no error."""
    from serving.control.goals import remove_goal

    with open_control(context) as conn:
        done = remove_goal(conn, site, goal, now=datetime.now(UTC), restate_from=restate_from)
    _tell(context, done)


def _condition(
    path: str | None,
    match: str | None,
    event_name: str | None,
    properties: tuple[str, ...],
    duration: int | None,
    pages: int | None,
) -> tuple[str, dict[str, Any]]:
    """Return kind and condition; UsageFault unless exactly one kind is asked for."""
    given = {
        "destination": path is not None,
        "event": event_name is not None,
        "duration": duration is not None,
        "pages": pages is not None,
    }
    kinds = [kind for kind, is_asked in given.items() if is_asked]
    if len(kinds) != 1:
        raise UsageFault(
            "A goal is of one kind.", fix="Give one of --destination, --event, --duration, --pages."
        )
    if (match and kinds != ["destination"]) or (properties and kinds != ["event"]):
        raise UsageFault(f"A goal of kind {kinds[0]} has no such option.", fix="Leave it out.")
    conditions: dict[str, dict[str, Any]] = {
        "destination": {"match": match or "exact", "path": path},
        "event": {"event_name": event_name, "properties": [_property(one) for one in properties]},
        "duration": {"at_least": duration},
        "pages": {"at_least": pages},
    }
    return kinds[0], conditions[kinds[0]]


def _property(text: str) -> dict[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageFault(f"{text!r} is no NAME=VALUE.", fix="Such as --property plan=pro.")
    return {"name": name, "value": value}


def _tell(context: Context, done: "Changed") -> None:
    goal = done.goal.goal
    click.echo(goal.goal_id)
    for number in done.restatement_ids:
        context.say(f"restatement {number} is queued: its days switch at once when it is done")
    if goal.counts_until is not None:
        context.say(f"it counts on no day after {goal.counts_until}")
    else:
        context.say(f"it counts from {goal.counts_from} on, on each day once it is restated")
        context.say(f"days made without it: headwater plan --site {done.goal.site_id}")


def _row(one: "SiteGoal") -> dict[str, Any]:
    goal = one.goal
    return {
        "site_id": one.site_id,
        "goal_id": goal.goal_id,
        "name": goal.name,
        "kind": goal.kind,
        "reached_by": goal.condition.in_words(),
        "counts_from": goal.counts_from,
        "counts_until": goal.counts_until,
    }
