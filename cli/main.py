"""The frame of the `headwater` command: finds the verb, reports errors, sets the exit code."""

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from cli.config import Config, load_config
from cli.context import Context
from cli.errors import CliError, ExitCode
from cli.verbs import VERBS


class Verbs(click.Group):
    """A group that knows its verbs by name and imports one only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table, which is the order of use."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the verb's module; None lets click name the verbs that exist."""
        if cmd_name not in VERBS:
            return None
        command: click.Command = import_module(VERBS[cmd_name][0]).command
        command.name = cmd_name
        for one in (command, *getattr(command, "commands", {}).values()):
            one.params.extend(_common_options(one))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs from the table, so that help imports none of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in VERBS.items()])


def _common_options(command: click.Command) -> list[click.Parameter]:
    """Return the options each verb takes too, so that they may stand before or after it."""
    mine = [_option("--home", "home", type=click.Path(path_type=Path), help="Use this home.")]
    for flag, name, text in _FLAGS:
        mine.append(_option(flag, name, is_flag=True, default=None, help=text))
    taken = {param.name for param in command.params}
    return [option for option in mine if option.name not in taken]


_FLAGS = (
    ("--debug", "is_debugging", "Show tracebacks."),
    ("--quiet", "is_quiet", "Only data and errors."),
)


def _option(flag: str, name: str, **settings: Any) -> click.Option:
    return click.Option([flag, name], expose_value=False, callback=_keep, **settings)


def _keep(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    """Put a common option on the one Context, whichever side of the verb it stood."""
    if value is not None and param.name:
        held = ctx.find_object(Context)
        setattr(held, param.name, value.absolute() if isinstance(value, Path) else value)
    return value


def _command(context: Context) -> click.Group:
    help_text = "Self-hosted web analytics: events in, true numbers out."
    group = Verbs("headwater", help=help_text, context_settings={"obj": context})
    group.params.extend(_common_options(group))
    version = click.version_option(_version(), prog_name="headwater")
    return version(group)


def _version() -> str:
    """Return the version written in pyproject.toml, the one place that holds it."""
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    return text.split('version = "', 1)[1].split('"', 1)[0]


def main(words: list[str] | None = None, config: Config | None = None) -> int:
    """Run one verb and return its exit code (cli/errors.py)."""
    settings = config or load_config()
    context = Context(settings.home)
    return _guarded(lambda: _invoke(words, context), context)


def _invoke(words: list[str] | None, context: Context) -> int:
    result = _command(context).main(words, prog_name="headwater", standalone_mode=False)
    return result if isinstance(result, int) else ExitCode.OK


def _guarded(work: Callable[[], int], context: Context) -> int:
    """Turn every way a verb can end into a message on stderr and an exit code."""
    try:
        return work()
    except CliError as error:
        return _report(error, error.lines(), error.exit_code, context)
    except click.Abort:
        return _report(None, ["stopped"], ExitCode.FAILED, context)
    except click.ClickException as error:
        error.show(sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return _report(None, ["stopped"], ExitCode.FAILED, context)
    except BrokenPipeError:
        return ExitCode.OK
    except Exception as error:  # the one place where a person meets an unforeseen fault
        lines = [f"error: {error or type(error).__name__}", "fix: run again with --debug"]
        return _report(error, lines, ExitCode.FAILED, context)


def _report(error: Exception | None, lines: list[str], code: ExitCode, context: Context) -> int:
    if error is not None and context.is_debugging:
        import traceback

        traceback.print_exception(error)
    for line in lines:
        click.echo(line, err=True)
    return code
