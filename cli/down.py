"""headwater down: stop a home in order."""

import click

from cli.context import Context, pass_context


@click.command(help="Stop everything in order; data and ports stay.")
@pass_context
def command(context: Context) -> None:
    """End the supervisor of the home, or what a killed one left behind."""
    from infra.local.running import stop

    if stop(context.home):
        context.say(f"stopped {context.home}")
    else:
        context.say(f"nothing runs in {context.home}")
