"""Fragments of SQL that carry their parameters, so that text and values never mix.

Only literals of this package and expressions of schemas/metrics become text. Whatever came
from outside is a parameter; a test throws hostile text at every field to hold that.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

Param = str | int | float | date | datetime | None


@dataclass(frozen=True)
class Sql:
    """SQL text with one `?` for each parameter, in order."""

    text: str
    params: tuple[Param, ...] = ()

    def __add__(self, other: "Sql") -> "Sql":
        return Sql(f"{self.text} {other.text}", self.params + other.params)


def sql(text: str, *params: Param) -> Sql:
    """Write a fragment; the count of `?` must be that of the parameters."""
    if text.count("?") != len(params):
        raise ValueError(f"{text!r} with {len(params)} parameters")
    return Sql(text, params)


def joined(parts: Iterable[Sql], separator: str) -> Sql:
    """Write fragments one after the other with text between them."""
    parts = tuple(parts)
    params = tuple(param for part in parts for param in part.params)
    return Sql(separator.join(part.text for part in parts), params)


def bracketed(inner: Sql, before: str = "", after: str = "") -> Sql:
    """Write a fragment in brackets, with text before and after."""
    return Sql(f"{before}({inner.text}){after}", inner.params)


@dataclass(frozen=True)
class Statement:
    """One SELECT about one site, ready for Trino."""

    site_id: str
    sql: Sql
