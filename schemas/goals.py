"""Goals that a site defines: what they ask for, and whether it can be asked.

A condition is one of four closed shapes. The control plane keeps it as JSON, the restatement gives
it to Trino as a value; nothing of it ever stands in SQL.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any, Final, Literal, get_args

from schemas.load import RULES
from schemas.pattern import fault_of

Match = Literal["exact", "contains", "regex"]
Kind = Literal["destination", "event", "duration", "pages"]
_SLUG: Final = re.compile(r"[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?")
_NUMBER: Final = re.compile(r"-?\d{1,15}(\.\d{1,9})?")


class InvalidCondition(ValueError):
    """A field of what a site defines holds something that cannot be; `fix` says what can."""

    def __init__(self, field: str, message: str, fix: str) -> None:
        super().__init__(message)
        self.field, self.fix = field, fix


@dataclass(frozen=True)
class Property:
    """A property and the value it must have, as text: 10 is met by 10, 10.0 and "10"."""

    name: str
    value: str

    @property
    def number(self) -> float | None:
        """The value as a number, None if it does not read as one."""
        return float(self.value) if _NUMBER.fullmatch(self.value) else None


@dataclass(frozen=True)
class Destination:
    """A page view whose path is, contains or matches `path`."""

    match: Match
    path: str

    def in_words(self) -> str:
        """Say it for people."""
        return f"page {self.match} {self.path}"


@dataclass(frozen=True)
class Event:
    """An event of that name with all of these properties."""

    event_name: str
    properties: tuple[Property, ...] = ()

    def in_words(self) -> str:
        """Say it for people."""
        return " and ".join([self.event_name, *(f"{p.name}={p.value}" for p in self.properties)])


@dataclass(frozen=True)
class Duration:
    """A session at least so many seconds long."""

    at_least: int

    def in_words(self) -> str:
        """Say it for people."""
        return f"session of {self.at_least} s"


@dataclass(frozen=True)
class Pages:
    """A session with at least so many page views."""

    at_least: int

    def in_words(self) -> str:
        """Say it for people."""
        return f"session of {self.at_least} pages"


Condition = Destination | Event | Duration | Pages
_SHAPES: Final[Mapping[str, type[Condition]]] = {
    "destination": Destination,
    "event": Event,
    "duration": Duration,
    "pages": Pages,
}
KINDS: Final = tuple(_SHAPES)
MATCHES: Final[tuple[str, ...]] = get_args(Match)


@dataclass(frozen=True)
class Goal:
    """A goal and the local dates it counts on; `counts_until` None: it goes on."""

    goal_id: str
    name: str
    kind: str
    condition: Condition
    counts_from: date
    counts_until: date | None = None

    def counts_on(self, day: date) -> bool:
        """Whether the goal counts what happens on a local date."""
        return self.counts_from <= day and (self.counts_until is None or day <= self.counts_until)


@dataclass(frozen=True)
class SiteGoals:
    """All goals of a site, with what else decides who reaches them."""

    goals: tuple[Goal, ...] = ()
    exclude_bots: bool = False

    def as_json(self) -> str:
        """Return what the query of daily_goal unpacks: one flat row a goal."""
        return json.dumps([_flat(goal) for goal in self.goals])

    def digest_on(self, day: date) -> str | None:
        """Return what tells the goals of a day from others, None for a day without one.

        When a goal begins or ends is left out: days it counts on anyway stay as they are.
        """
        on_the_day = [
            [goal.goal_id, goal.name, goal.kind, condition_as_json(goal.condition)]
            for goal in sorted(self.goals, key=lambda goal: goal.goal_id)
            if goal.counts_on(day)
        ]
        if not on_the_day:
            return None
        text = json.dumps([on_the_day, self.exclude_bots], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def condition_of(kind: str, given: Mapping[str, Any]) -> Condition:
    """Read a condition; raises InvalidCondition naming what is wrong, missing or too much."""
    if kind not in _SHAPES:
        raise InvalidCondition("kind", f"{kind!r} is no kind of goal.", f"Use {_or(KINDS)}.")
    shape = _SHAPES[kind]
    known = {field.name for field in fields(shape)}
    if unknown := sorted(given.keys() - known):
        raise InvalidCondition(
            unknown[0],
            f"A goal of kind {kind} has no {unknown[0]}.",
            f"It is defined by {', '.join(sorted(known))}.",
        )
    if shape is Destination:
        return destination_of(given)
    if shape is Event:
        return event_of(given)
    return Duration(_at_least(given)) if shape is Duration else Pages(_at_least(given))


def condition_as_json(condition: Condition) -> dict[str, Any]:
    """Return a condition as `condition_of` reads it."""
    return asdict(condition)


def checked_goal_id(goal_id: str) -> str:
    """Return a slug unchanged, or raise InvalidCondition."""
    return checked_slug("goal", goal_id)


def checked_slug(of_what: str, slug: str) -> str:
    """Return the id of a goal, or of what is named like one, or raise InvalidCondition."""
    if not _SLUG.fullmatch(slug):
        raise InvalidCondition(
            f"{of_what}_id",
            f"{slug!r} is not a {of_what} id.",
            "Use lower case letters, digits, - and _, up to 63, such as signed-up.",
        )
    return slug


def checked_name(name: str) -> str:
    """Return a name people see without blanks around it, or raise InvalidCondition."""
    return checked_text("name", name.strip(), RULES.goals.name_length)


def checked_text(field: str, value: Any, longest: int = RULES.goals.text_length) -> str:
    """Return a text that can be stored and compared, or raise InvalidCondition."""
    if not isinstance(value, str) or not value:
        raise InvalidCondition(field, "A text is needed here.", "Give one character or more.")
    if len(value) > longest:
        raise InvalidCondition(field, f"{len(value)} characters are too many.", f"Use {longest}.")
    if "\0" in value or any("\ud800" <= one <= "\udfff" for one in value):
        raise InvalidCondition(
            field, "It has characters that are no text.", "Leave out NUL and lone surrogates."
        )
    return value


def destination_of(given: Mapping[str, Any]) -> Destination:
    """Read what is asked of a path; raises InvalidCondition."""
    match = given.get("match")
    if match not in MATCHES:
        raise InvalidCondition(
            "match", f"{match!r} is no way to compare a path.", f"Use {_or(MATCHES)}."
        )
    path = checked_text("path", given.get("path"))
    if match == "exact" and not path.startswith("/"):
        raise InvalidCondition(
            "path", f"{path!r} is no path.", "A path begins with /; or use match contains."
        )
    if match == "regex" and (fault := fault_of(path)):
        raise InvalidCondition(
            "path",
            f"The regular expression cannot be used: {fault}.",
            "Use what RE2 knows: characters, classes, groups, |, repeats, ^ and $.",
        )
    return Destination(match, path)


def event_of(given: Mapping[str, Any]) -> Event:
    """Read what is asked of an event; raises InvalidCondition."""
    name = checked_text("event_name", given.get("event_name"))
    listed = given.get("properties") or ()
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        raise InvalidCondition("properties", "It is no list.", 'Use [{"name": …, "value": …}].')
    if len(listed) > RULES.goals.max_properties:
        raise InvalidCondition(
            "properties",
            f"{len(listed)} conditions are too many.",
            f"Use {RULES.goals.max_properties} at most.",
        )
    return Event(name, tuple(_property(one) for one in listed))


def _property(given: Any) -> Property:
    if not isinstance(given, Mapping) or given.keys() != {"name", "value"}:
        raise InvalidCondition(
            "properties", f"{given!r} is no condition.", 'Use {"name": "plan", "value": "pro"}.'
        )
    return Property(
        checked_text("properties", given["name"]), checked_text("properties", given["value"])
    )


def _at_least(given: Mapping[str, Any]) -> int:
    value, most = given.get("at_least"), RULES.goals.max_at_least
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise InvalidCondition(
            "at_least", f"{value!r} is no number to reach.", f"Use a whole number, 1 to {most}."
        )
    return value


def _flat(goal: Goal) -> dict[str, Any]:
    row: dict[str, Any] = {
        "goal_id": goal.goal_id,
        "goal_name": goal.name,
        "goal_kind": goal.kind,
        "counts_from": goal.counts_from.isoformat(),
        "counts_until": (goal.counts_until or date.max).isoformat(),
        **condition_as_json(goal.condition),
    }
    if isinstance(goal.condition, Destination):
        row["event_name"] = "page_view"
    if isinstance(goal.condition, Event):
        row["properties"] = [
            {**asdict(one), "number": one.number} for one in goal.condition.properties
        ]
    return row


def _or(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
