"""The README of a person's export: what each file is, and until when Headwater keeps it."""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pipelines.lake.export.parts import RECORDINGS, Part
from pipelines.lake.persons import Person
from pipelines.lake.receipt import passing

_WIDTH = 96


@dataclass
class Held:
    """What was found of a person: lines of each file, pieces of recordings."""

    person: Person
    at: datetime
    forgotten_at: datetime | None = None
    lines: dict[str, int] = field(default_factory=dict)
    parts: dict[str, tuple[Part, Sequence[str]]] = field(default_factory=dict)
    pieces: int = 0
    unreadable: list[str] = field(default_factory=list)

    def put(self, part: Part, lines: int, columns: Sequence[str]) -> None:
        """Note a file; one without lines is none."""
        if lines:
            self.lines[part.name], self.parts[part.name] = lines, (part, columns)


def readme(held: Held, recordings_days: int) -> str:
    """Return the text."""
    blocks = [*_of_whom(held)]
    if not held.lines:
        blocks.append("Headwater shows nothing of this person.")
    else:
        blocks.append(_wrapped("Each file is JSON lines: one object a line. Times are UTC, "
                               "amounts are exact decimals written as text."))  # fmt: skip
        blocks += [_file(held, name, recordings_days) for name in held.lines]
        blocks += _recordings(held)
    return "\n\n".join([*blocks, _elsewhere()]) + "\n"


def _of_whom(held: Held) -> Iterator[str]:
    person = held.person
    yield f"What site {person.site_id} holds of one person, as of {_said(held.at)}."
    ids = [f"visitor_id: {one}" for one in person.visitor_ids]
    yield "\n".join(ids + ([] if person.user_id is None else [f"user_id: {person.user_id}"]))
    if held.forgotten_at is not None:
        yield _wrapped(
            f"The site was asked to forget them on {_said(held.forgotten_at)}; what it held until "
            "then is shown to nobody. `headwater erasures` says when the last copy is gone."
        )


def _file(held: Held, name: str, recordings_days: int) -> str:
    part, columns = held.parts[name]
    lines = [
        f"{name}.ndjson ({held.lines[name]:,} lines)",
        *_indented(f"A line is {part.described.one_row}"),
        *_indented(_kept(part.kept_days(recordings_days))),
    ]
    for column, meaning in part.comments(columns).items():
        lines += _indented(f"{column}: {meaning}", 4)
    return "\n".join(lines)


def _kept(days: int | None) -> str:
    if days is None:
        return "Kept until the person asks to be forgotten."
    return f"Kept for {days} days, then gone by itself."


def _recordings(held: Held) -> Iterator[str]:
    if held.pieces:
        yield _wrapped(
            f"{RECORDINGS}/ ({held.pieces:,} files): what was recorded, as a JSON list of rrweb "
            "events for each piece, in a folder for each recording."
        )
    if held.unreadable:
        listed = "\n".join(f"  {one}" for one in held.unreadable)
        yield f"Pieces of recordings that could not be read:\n{listed}"


def _elsewhere() -> str:
    """Tell of copies that nobody can look into by person, each with its end."""
    lines = _wrapped("Besides, copies that cannot be searched for a person go by themselves:")
    return "\n".join([lines, *(f"  {copy.what}: {copy.by}" for copy in passing())])


def _indented(text: str, by: int = 2) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=" " * by, subsequent_indent=" " * (by + 2))


def _wrapped(text: str) -> str:
    return textwrap.fill(text, _WIDTH)


def _said(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
