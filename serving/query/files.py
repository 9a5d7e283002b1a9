"""Reads the fixed statements of `serving/queries/`, each once."""

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from string import Template
from typing import Final

from schemas.load import RULES
from serving.query.sql import Sql, joined, sql

_RULES: Final = {
    "session_senders": ", ".join(f"'{sender}'" for sender in RULES.sessions.session_senders),
    **{name: f"'{getattr(RULES.paths, name)}'" for name in ("entry", "exit", "more", "other")},
}
_NAME: Final = re.compile(r"\$\{(\w+)\}")


@cache
def read_query(name: str) -> str:
    """Return a statement without its header, rules filled in; an unknown name is an error."""
    return Template(_text(name)).substitute(_RULES)


def compose(name: str, parts: Mapping[str, Sql]) -> Sql:
    """Return a statement with a fragment in each place that names one.

    A fragment's parameters come along, as often as it stands there. Every name is filled and
    every part used, else ValueError.
    """
    pieces = _NAME.split(_text(name))
    if unlike := set(pieces[1::2]) ^ parts.keys():
        raise ValueError(f"{name}.sql and its parts differ in {sorted(unlike)}")
    filled = [parts[one] if index % 2 else sql(one) for index, one in enumerate(pieces)]
    return joined(filled, "")


@cache
def _text(name: str) -> str:
    text = (resources.files("serving") / "queries" / f"{name}.sql").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("--"))
    return "\n".join(lines)
