"""headwater open: a new one-time link to the page."""

import click

from cli.context import Context, pass_context


@click.command(help="Print a link that signs a browser in to the page, once.")
@pass_context
def command(context: Context) -> None:
    """Make a one-time sign-in link and print it; the page must be running to use it."""
    click.echo(sign_in_link(context))


def sign_in_link(context: Context, view: str = "") -> str:
    """Return a new one-time link; `view` is the page's own query string, such as `p=7d`."""
    from cli.rooms import open_control
    from serving.control.links import create_sign_in_link

    with open_control(context) as conn:
        token = create_sign_in_link(conn)
    serving = context.environment["HEADWATER_SERVING_URL"]
    return f"{serving}/sign-in?token={token}" + (f"&{view}" if view else "")
