"""The one formula of display names, as Python and Trino SQL write it; words: rules/names.toml.

Both are held to each other by a test.
"""

from hashlib import sha256

from schemas.load import RULES


def display_name(person_id: str) -> str:
    """Return the friendly name of a person: always the same, not unique."""
    names = RULES.names
    number = int(sha256(person_id.encode()).hexdigest()[:8], 16)
    rest, first = divmod(number, len(names.adjectives))
    return f"{names.adjectives[first]} {names.animals[rest % len(names.animals)]}"


def trino_display_name(person_id: str) -> str:
    """Return the formula over an SQL expression (varchar) for Trino."""
    names = RULES.names
    number = f"from_base(substr(to_hex(sha256(to_utf8({person_id}))), 1, 8), 16)"
    first = _word(names.adjectives, f"{number} % {len(names.adjectives)}")
    second = _word(names.animals, f"{number} / {len(names.adjectives)} % {len(names.animals)}")
    return f"{first} || ' ' || {second}"


def _word(words: tuple[str, ...], place: str) -> str:
    return f"split('{','.join(words)}', ',')[CAST({place} AS integer) + 1]"
