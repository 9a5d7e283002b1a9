"""Reads the fixed statements of `serving/queries/`, each once."""

from functools import cache
from importlib import resources
from string import Template
from typing import Final

from schemas.load import RULES

_RULES: Final = {
    "session_senders": ", ".join(f"'{sender}'" for sender in RULES.sessions.session_senders),
    **{name: f"'{getattr(RULES.paths, name)}'" for name in ("entry", "exit", "more", "other")},
}


@cache
def read_query(name: str) -> str:
    """Return a statement without its header, rules filled in; an unknown name is an error."""
    text = (resources.files("serving") / "queries" / f"{name}.sql").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("--"))
    return Template("\n".join(lines)).substitute(_RULES)
