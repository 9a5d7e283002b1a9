"""headwater env: the settings of a home, for `eval "$(headwater env)"`."""

import shlex

import click

from cli.context import Context, pass_context


@click.command(help="Print the settings of this home as shell exports.")
@pass_context
def command(context: Context) -> None:
    """Write one `export NAME=value` per setting to stdout."""
    for name, value in context.environment.items():
        click.echo(f"export {name}={shlex.quote(value)}")
