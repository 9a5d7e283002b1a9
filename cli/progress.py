"""Show long work on stderr: a bar on a terminal, a line now and then elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import click

from cli.context import Context

_LINE_SECONDS: Final = 5.0
Advance = Callable[[int], None]


@contextmanager
def progress(context: Context, what: str, total: int, unit: str) -> Iterator[Advance]:
    """Give a function that takes how many units more are done."""
    if context.is_quiet:
        yield lambda _: None
    elif sys.stderr.isatty():
        with click.progressbar(length=total, label=what, file=sys.stderr, show_pos=True) as bar:
            yield bar.update
    else:
        yield _lines(context, what, total, unit)


def _lines(context: Context, what: str, total: int, unit: str) -> Advance:
    done, told_at = 0, time.monotonic()

    def advance(count: int) -> None:
        nonlocal done, told_at
        done += count
        if done >= total or time.monotonic() - told_at > _LINE_SECONDS:
            told_at = time.monotonic()
            context.say(f"{what}: {done:,} of {total:,} {unit}")

    return advance


def counted(context: Context, what: str, unit: str) -> Advance:
    """Return a function that takes how many units more are done, of nobody knows how many."""
    done, told_at = 0, time.monotonic()

    def advance(count: int) -> None:
        nonlocal done, told_at
        done += count
        if time.monotonic() - told_at > _LINE_SECONDS:
            told_at = time.monotonic()
            context.say(f"{what}: {done:,} {unit}")

    return advance
