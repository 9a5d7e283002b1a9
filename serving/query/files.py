"""Reads the fixed statements of `serving/queries/`, each once."""

from functools import cache
from importlib import resources


@cache
def read_query(name: str) -> str:
    """Return a statement without its header; a file that is not there is an error."""
    text = (resources.files("serving") / "queries" / f"{name}.sql").read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))
