"""Turn page views of an access log into events of Segment's wire format."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cli.importing.access_log import LogLine

# A batch stays well below delivery.max_batch_bytes, whatever lines it holds.
BATCH_EVENTS: Final = 400
BATCH_BYTES: Final = 300_000
_DIGEST_LETTERS: Final = 40


@dataclass(frozen=True)
class Source:
    """The file being imported: its SHA-256 and the host its pages belong to."""

    digest: str
    host: str

    @property
    def id_prefix(self) -> str:
        """Return what the ids of all events of this file begin with."""
        return f"log-{self.digest[:_DIGEST_LETTERS]}-"


def event_of(source: Source, line_number: int, line: LogLine) -> dict[str, Any]:
    """Return the page view of one line. The same file and line give the same event id.

    The address and the agent travel in the context: with a secret key the edge makes the
    visitor of them and keeps neither address nor hash input.
    """
    path, _, query = line.target.partition("?")
    page = {
        "url": f"https://{source.host}{line.target}" if path.startswith("/") else line.target,
        "path": path,
        "search": f"?{query}" if query else "",
        "referrer": line.referrer or "",
    }
    return {
        "type": "page",
        "messageId": f"{source.id_prefix}{line_number}",
        "timestamp": iso(line.requested_at),
        "properties": page,
        "context": {
            "ip": line.address,
            "userAgent": line.user_agent or "",
            "page": page,
            "library": {"name": "headwater-import"},
        },
    }


def batches(
    events: Iterable[tuple[int, dict[str, Any]]],
) -> Iterator[list[dict[str, Any]]]:
    """Group (size in bytes, event) into batches the edge accepts, in order."""
    held: list[dict[str, Any]] = []
    held_bytes = 0
    for size, event in events:
        if held and (len(held) == BATCH_EVENTS or held_bytes + size > BATCH_BYTES):
            yield held
            held, held_bytes = [], 0
        held.append(event)
        held_bytes += size
    if held:
        yield held


def iso(at: datetime) -> str:
    """Return a UTC time as the wire writes it, to the millisecond."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
