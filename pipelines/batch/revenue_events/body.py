"""The body of a webhook, read by path: what is needed and missing says where."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any, Final

_MOST: Final = Decimal(10) ** 24  # far above any amount, far below what makes Decimal slow


class Unreadable(ValueError):
    """A body is not what the vendor's file expects; the message says where."""


class Body:
    """A JSON object of a webhook and where it stands in the whole."""

    def __init__(self, value: Any, place: str = "") -> None:
        if not isinstance(value, dict):
            raise Unreadable(f"{place or 'the body'} is no object")
        self._value, self._place = value, place

    @classmethod
    def parse(cls, text: str) -> "Body":
        """Return the body of a webhook; Unreadable if it is no JSON object."""
        try:
            value = json.loads(text, parse_float=Decimal)
        except (ValueError, RecursionError) as error:
            raise Unreadable("the body is no JSON") from error
        return cls(value)

    def part(self, *path: str) -> "Body":
        """Return the object at a path."""
        return Body(self._find(path), self._at(path))

    def each(self, *path: str) -> Iterator["Body"]:
        """Yield the objects of the list at a path."""
        found = self._find(path)
        if not isinstance(found, list):
            raise Unreadable(f"{self._at(path)} is no list")
        for number, item in enumerate(found):
            yield Body(item, f"{self._at(path)}[{number}]")

    def text(self, *path: str) -> str | None:
        """Return the text at a path; of an object written out, its id. None if there is none."""
        found = self._find(path)
        if isinstance(found, dict):
            found = found.get("id")
        if found is None or found == "":
            return None
        if not isinstance(found, str):
            raise Unreadable(f"{self._at(path)} is no text")
        return found

    def need(self, *path: str) -> str:
        """Return the text at a path, which must be there."""
        found = self.text(*path)
        if found is None:
            raise Unreadable(f"{self._at(path)} is missing")
        return found

    def number(self, *path: str) -> Decimal | None:
        """Return the number at a path, written as one or as text; None if there is none."""
        found = self._find(path)
        if found is None:
            return None
        try:
            number = Decimal(found) if type(found) in (int, str, Decimal) else None
        except InvalidOperation:
            number = None
        if number is None or not number.is_finite() or abs(number) > _MOST:
            raise Unreadable(f"{self._at(path)} is no number")
        return number

    def need_number(self, *path: str) -> Decimal:
        """Return the number at a path, which must be there."""
        found = self.number(*path)
        if found is None:
            raise Unreadable(f"{self._at(path)} is missing")
        return found

    def time(self, *path: str) -> datetime:
        """Return the time at a path: seconds since 1970, or ISO 8601 with its zone."""
        found = self._find(path)
        try:
            if isinstance(found, int):
                return datetime.fromtimestamp(found, UTC)
            moment = datetime.fromisoformat(found)
            if moment.tzinfo is None:
                raise ValueError("no zone")
            return moment.astimezone(UTC)
        except (TypeError, ValueError, OverflowError, OSError) as error:
            raise Unreadable(f"{self._at(path)} is no time") from error

    def email_hash(self, *path: str) -> str | None:
        """Return the hash of the e-mail address at a path, None if there is none."""
        found = self.text(*path)
        return sha256(found.strip().lower().encode()).hexdigest() if found else None

    def _find(self, path: tuple[str, ...]) -> Any:
        found: Any = self._value
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return found

    def _at(self, path: tuple[str, ...]) -> str:
        return ".".join(filter(None, (self._place, *path)))
