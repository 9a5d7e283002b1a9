"""The one formula of `session_id`, as Python, Flink SQL and Trino SQL write it.

All three are held to schemas/examples/session_id.json by tests.
"""

from hashlib import sha256


def session_id(site_id: str, visitor_id: str, first_event_ms: int) -> str:
    """Return the id of the session that opens with an event at `first_event_ms` (epoch ms)."""
    return sha256(f"{site_id}|{visitor_id}|{first_event_ms}".encode()).hexdigest()[:32]


def flink_session_id(site_id: str, visitor_id: str, first_event_ms: str) -> str:
    """Return the formula over three SQL expressions (string, string, bigint) for Flink."""
    text = f"{site_id} || '|' || {visitor_id} || '|' || CAST({first_event_ms} AS STRING)"
    return f"SUBSTRING(SHA256({text}), 1, 32)"


def trino_session_id(site_id: str, visitor_id: str, first_event_ms: str) -> str:
    """Return the formula over three SQL expressions (varchar, varchar, bigint) for Trino."""
    text = f"{site_id} || '|' || {visitor_id} || '|' || CAST({first_event_ms} AS varchar)"
    return f"substr(lower(to_hex(sha256(to_utf8({text})))), 1, 32)"
