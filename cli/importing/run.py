"""Bring history in: post it, wait until the tables hold it, have its days restated."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from cli.context import Context
from cli.edge import Edge, Refused
from cli.errors import CliError
from cli.importing.access_log import Skipped, read_page_view
from cli.importing.events import Source, batches, event_of, iso
from cli.importing.files import LogFile
from cli.progress import Advance
from cli.rooms import ask_trino, sql_of
from cli.waiting import wait_for

# A slow machine with everything running takes in this many events a second, at the very least.
_ARRIVAL_SECONDS: Final = 300.0
_ARRIVALS_PER_SECOND: Final = 200.0
_PAUSE_SECONDS: Final = 2.0


@dataclass
class Tally:
    """What became of the lines of one file."""

    read: int = 0
    sent: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    skipped: Counter[Skipped] = field(default_factory=Counter)
    refused: list[Refused] = field(default_factory=list)

    @property
    def taken(self) -> int:
        """Return how many events the edge took."""
        return self.sent - len(self.refused)

    def lines(self) -> list[str]:
        """Return the account for people: every line read is in it."""
        told = [f"{self.read:,} lines read, {self.taken:,} page views taken by the edge"]
        told += [f"{n:,} skipped: {why.value}" for why, n in self.skipped.most_common()]
        told += [
            f"{n:,} refused: {why}"
            for why, n in Counter(one.reason for one in self.refused).most_common()
        ]
        return told


def post_log(client: Edge, log: LogFile, host: str, advance: Advance) -> Tally:
    """Post every page view of the file as history, telling `advance` how many lines are done.

    Repeated after any failure it counts nothing twice: ids come from the file.
    """
    tally = Tally()
    told = 0
    for batch in batches(_events(Source(log.digest, host), log.lines(), tally)):
        tally.refused += client.post_batch(batch, history=True)
        tally.sent += len(batch)
        advance(tally.read - told)
        told = tally.read
    if tally.read > told:
        advance(tally.read - told)
    return tally


def _events(
    source: Source, lines: Iterable[str], tally: Tally
) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, text in enumerate(lines, start=1):
        tally.read += 1
        view = read_page_view(text)
        if isinstance(view, Skipped):
            tally.skipped[view] += 1
            continue
        tally.first_at = min(tally.first_at or view.requested_at, view.requested_at)
        tally.last_at = max(tally.last_at or view.requested_at, view.requested_at)
        event = event_of(source, number, view)
        yield len(json.dumps(event)), event


def wait_for_rows(
    context: Context, site: str, id_prefix: str, first_at: datetime, last_at: datetime, count: int
) -> dict[date, int]:
    """Wait until the table holds `count` events of one import; return them by local date."""

    def look() -> dict[date, int] | None:
        parameters = [site, iso(first_at), iso(last_at), id_prefix]
        rows = ask_trino(context, sql_of("imported_events"), parameters).rows
        by_date = {row[0]: int(row[1]) for row in rows}
        arrived = sum(by_date.values())
        if arrived < count:
            context.say(f"{arrived:,} of {count:,} events are in the table")
        return by_date if arrived >= count else None

    by_date, seconds = wait_for(
        look,
        what=f"{count} events to be in the table",
        fix="See `headwater jobs list`; run the same command again, nothing counts twice.",
        timeout_seconds=_ARRIVAL_SECONDS + count / _ARRIVALS_PER_SECOND,
        pause_seconds=_PAUSE_SECONDS,
    )
    context.say(f"all {count:,} events are in the table after {seconds:.0f} s")
    return by_date


def restate_dates(context: Context, site: str, dates: list[date], reason: str) -> None:
    """Queue the dates, in requests the queue accepts, and wait for each."""
    from cli.restate import queue, wait_until_done
    from serving.control.restatements import MAX_DATES

    parts = [dates[at : at + MAX_DATES] for at in range(0, len(dates), MAX_DATES)]
    for number in [queue(context, site, part, reason) for part in parts]:
        wait_until_done(context, number)


def checked(tally: Tally, path: str) -> Tally:
    """Return the tally when there is something to wait for, else say why there is not."""
    if not tally.taken:
        raise CliError(
            "No line of the file became an event.",
            where=path,
            fix="; ".join(tally.lines()[1:]) or "The file is empty.",
        )
    return tally
