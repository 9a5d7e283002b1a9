"""headwater up: start a home and keep it running."""

import click

from cli.context import Context, pass_context
from cli.errors import CliError, UsageFault


@click.command(help="Start everything and keep it running until Ctrl-C (or in the background).")
@click.option("--detach", is_flag=True, help="Go on in the background.")
@click.option("--wait", is_flag=True, help="With --detach: return when everything is ready.")
@click.option("--only", default="", metavar="NAMES", help="Only these, with all they need.")
@click.option("--timeout", default=300, show_default=True, help="Seconds that --wait waits.")
@pass_context
def command(context: Context, detach: bool, wait: bool, only: str, timeout: int) -> None:
    """Run the supervisor here, or start one in the background."""
    from infra.local.running import NotReady, UnknownComponent, run_here, start_detached

    names = [name.strip() for name in only.split(",") if name.strip()]
    try:
        if detach or wait:
            start_detached(context.home, names, timeout if wait else 0, context.say)
        else:
            run_here(context.home, names, context.say)
    except UnknownComponent as error:
        raise UsageFault(str(error), fix="headwater up --help") from error
    except NotReady as error:
        where = f"{context.home}/logs"
        raise CliError(str(error), where=where, fix="headwater status, then the log") from error
