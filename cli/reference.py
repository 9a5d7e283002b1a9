"""The command line's reference page, made from the verbs themselves (`make docs`)."""

from collections.abc import Iterator
from importlib import import_module
from typing import Final

import click

from cli.verbs import VERBS

NOTICE: Final = "<!-- Made by docs/build_reference.py from cli/. Do not edit. -->"
_INTRO: Final = """\
# Command line

`.venv/bin/headwater VERB ...`. Every verb also takes `--home PATH` (or `HEADWATER_HOME`; default
`~/.headwater`), `--debug` (tracebacks) and `--quiet` (only data and errors).

Data goes to stdout, progress and messages to stderr; without a terminal there are plain lines and
no bars; `NO_COLOR` is honoured. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 checks found
something, 4 partly done."""


def cli_page() -> str:
    """Return the page: one heading per verb, its arguments and options."""
    parts = [f"{NOTICE}\n{_INTRO}"]
    for name, (module, text) in VERBS.items():
        command: click.Command = import_module(module).command
        parts += [f"## {name}\n\n{text}", *_commands(f"headwater {name}", command)]
    return "\n\n".join(parts) + "\n"


def _commands(path: str, command: click.Command) -> Iterator[str]:
    if not isinstance(command, click.Group):
        yield _usage(path, command)
        return
    for name, inner in command.commands.items():
        yield f"### {path.removeprefix('headwater ')} {name}\n\n{inner.help}"
        yield _usage(f"{path} {name}", inner)


def _usage(path: str, command: click.Command) -> str:
    arguments = [p.make_metavar(_context(command)) for p in command.params if _is_argument(p)]
    line = f"```\n{' '.join([path, '[OPTIONS]', *arguments])}\n```"
    # The options of every verb stand in the intro; they are the ones that no verb is handed.
    options = [p for p in command.params if not _is_argument(p) and p.expose_value]
    rows = [row for option in options if (row := _row(option, command))]
    if not rows:
        return line
    table = "\n".join(["| option | meaning |", "|---|---|", *rows])
    return f"{line}\n\n{table}"


def _row(param: click.Parameter, command: click.Command) -> str | None:
    record = param.get_help_record(_context(command))
    if record is None:
        return None
    flags, text = (cell.replace("|", "\\|") for cell in record)
    return f"| `{flags}` | {text} |"


def _is_argument(param: click.Parameter) -> bool:
    return isinstance(param, click.Argument)


def _context(command: click.Command) -> click.Context:
    return click.Context(command)
