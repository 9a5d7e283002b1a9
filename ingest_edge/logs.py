"""What the edge writes to its log: one JSON object a line, about the edge, never about people.

What was sent is in no line: the message of an exception may quote it, so only its kind and place
are written. An address that comes in some library's words is masked.
"""

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from typing import Final, TextIO

from ingest_edge.address import is_public
from ingest_edge.privacy import MASK

_ADDRESS: Final = re.compile(r"[0-9A-Fa-f]*[:.][0-9A-Fa-f:.]*[0-9A-Fa-f]")
_FRAMES: Final = 8


class JsonLines(logging.Formatter):
    """Formats a record as one line: at (UTC), level, room, msg, and error with its place."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; the message without public addresses."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "room": record.name,
            "msg": without_addresses(record.getMessage()),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line |= _described(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def start_logging(stream: TextIO = sys.stderr) -> None:
    """Send every logger of the process to the stream, as JSON lines."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(True)


def without_addresses(text: str) -> str:
    """Return the text with public addresses masked; those of this machine and network stay."""
    return _ADDRESS.sub(_masked, text)


def _masked(match: re.Match[str]) -> str:
    found = match[0]
    # 1.2.3.4:443 is an address with a port; 12:30:01 is a time and no address.
    host = found.rpartition(":")[0] if found.count(":") == 1 else found
    return MASK.decode() if is_public(host) or is_public(found) else found


def _described(error: BaseException) -> dict[str, object]:
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return {
        "error": type(error).__name__,
        "where": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
