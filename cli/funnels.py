"""headwater funnels: keep, list and remove the funnels of a site."""

import json
from typing import IO, TYPE_CHECKING, Any, Final

import click

from cli.context import Context, pass_context
from cli.errors import UsageFault
from cli.output import output_option, write_rows
from cli.rooms import open_control

if TYPE_CHECKING:
    from serving.control.funnels import SavedFunnel

_COLUMNS: Final = (
    "site_id", "funnel_id", "name", "order", "window_seconds", "steps", "exclusions",
)  # fmt: skip
_SHAPE: Final = 'Such as {"steps": [{"match": "exact", "path": "/a"}, {"event_name": "b"}]}.'


@click.group(help="Keep, list and remove the funnels of a site.")
def command() -> None:
    """Hold the verbs below."""


@command.command("add", help="Keep a funnel of SITE under the id FUNNEL.")
@click.argument("site")
@click.argument("funnel")
@click.option("--file", "source", type=click.File(encoding="utf-8"), required=True,
              help="JSON with steps, order, window_seconds, exclusions; - is stdin.")  # fmt: skip
@click.option("--name", default="", help="Name people see; the id when not given.")
@click.option("--replace", is_flag=True, help="Change the funnel of that id.")
@pass_context
def add(
    context: Context, site: str, funnel: str, source: IO[str], name: str, replace: bool
) -> None:
    """Write the funnel's id to stdout."""
    from serving.control import funnels
    from serving.control.errors import InvalidFunnel

    definition = _definition(source)
    with open_control(context) as conn:
        try:
            made = funnels.add(conn, site, funnel, definition, name=name, is_replacing=replace)
        except InvalidFunnel as error:
            raise UsageFault(f"{error.field}: {error}", where=source.name, fix=error.fix) from error
    click.echo(made.funnel_id)
    context.say(f"ask it: GET /api/v1/sites/{site}/funnels/{funnel}/ask?from=DAY&to=DAY")


@command.command("list", help="List the funnels of SITE; a step in brackets is optional.")
@click.argument("site")
@output_option
@pass_context
def list_all(context: Context, site: str, output: str) -> None:
    """Write one row per funnel."""
    from serving.control.funnels import of_site
    from serving.control.sites import get_site

    with open_control(context) as conn:
        found = of_site(conn, get_site(conn, site).site_id)
    write_rows([_row(one) for one in found], output, _COLUMNS)
    if not found:
        context.say(f"next: headwater funnels add {site} sign-up --file funnel.json")


@command.command("remove", help="Keep FUNNEL of SITE no longer.")
@click.argument("site")
@click.argument("funnel")
@pass_context
def remove(context: Context, site: str, funnel: str) -> None:
    """Write its id to stdout."""
    from serving.control import funnels

    with open_control(context) as conn:
        funnels.remove(conn, site, funnel)
    click.echo(funnel)


def _definition(source: IO[str]) -> dict[str, Any]:
    try:
        found = json.load(source)
    except ValueError as error:
        raise UsageFault(f"It is no JSON: {error}.", where=source.name, fix=_SHAPE) from error
    if not isinstance(found, dict):
        raise UsageFault("It is no JSON object.", where=source.name, fix=_SHAPE)
    return found


def _row(one: "SavedFunnel") -> dict[str, Any]:
    asked = one.definition
    return {
        "site_id": one.site_id,
        "funnel_id": one.funnel_id,
        "name": one.name,
        "order": asked["order"],
        "window_seconds": asked["window_seconds"],
        "steps": " > ".join(
            f"[{_words(step)}]" if step["optional"] else _words(step) for step in asked["steps"]
        ),
        "exclusions": ", ".join(_words(deed) for deed in asked["exclusions"]),
    }


def _words(deed: dict[str, Any]) -> str:
    page = f"page {deed['match']} {deed['path']}" if deed["path"] is not None else ""
    event = deed["event_name"] or ""
    has = "".join(f" and {one['name']}={one['value']}" for one in deed["properties"])
    return f"{event} on {page}{has}" if event and page else f"{event or page}{has}"
