"""What every verb is given: the home it acts on and how to report."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import click


@dataclass
class Context:
    """One call of the command. Verbs take it with `@pass_context`."""

    home: Path
    is_debugging: bool = False
    is_quiet: bool = False

    @cached_property
    def environment(self) -> dict[str, str]:
        """Return the HEADWATER_* settings of this home, as its programs see them."""
        from infra.local.environment import environment

        return environment(self.home)

    def say(self, text: str) -> None:
        """Write progress or a message to stderr; stdout is for data."""
        if not self.is_quiet:
            click.echo(text, err=True)


pass_context = click.make_pass_decorator(Context)
