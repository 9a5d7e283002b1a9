"""Read one line of a web server's access log and say whether it is a page view.

Pure: text in, a value out. The format is Apache's and nginx's Combined log format
(https://httpd.apache.org/docs/2.4/logs.html#combined); Common log lines, without the two
quoted fields at the end, are refused, because a visitor cannot be told without an agent.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from ipaddress import ip_address
from typing import Final

_QUOTED: Final = r'"((?:[^"\\]|\\.)*)"'
_LINE: Final = re.compile(
    rf"(\S+) \S+ (?:.*?) ?\[([^\]]+)\] {_QUOTED} (\d{{3}}) (?:\d+|-) {_QUOTED} {_QUOTED}\s*"
)
_TIME: Final = re.compile(r"(\d\d)/(\w{3})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)")
# TRICKY: not strptime, whose %b follows the machine's locale.
_MONTHS: Final = {
    name: number
    for number, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)
}
_PAGE_STATUS: Final = frozenset({200, 304})
_PAGE_EXTENSIONS: Final = frozenset({"html", "htm", "php"})


class Skipped(Enum):
    """Why a line is not a page view; the value is what the user reads."""

    UNREADABLE = "does not parse as Combined log format"
    NO_ADDRESS = "client is a name, not an IP address"
    METHOD = "method is not GET"
    STATUS = "status is neither 200 nor 304"
    EXTENSION = "not a page: image, script, feed or another file"


@dataclass(frozen=True)
class LogLine:
    """One request as the server wrote it down. `target` is path and query, unchanged."""

    address: str
    requested_at: datetime
    method: str
    target: str
    status: int
    referrer: str | None
    user_agent: str | None


def read_page_view(text: str) -> LogLine | Skipped:
    """Return the line when it is a page view, else the first reason why not."""
    line = parse_line(text)
    if isinstance(line, Skipped):
        return line
    if line.method != "GET":
        return Skipped.METHOD
    if line.status not in _PAGE_STATUS:
        return Skipped.STATUS
    return line if has_page_extension(line.target) else Skipped.EXTENSION


def parse_line(text: str) -> LogLine | Skipped:
    """Take one line apart. Never raises: what cannot be read is a reason."""
    found = _LINE.fullmatch(text)
    if found is None:
        return Skipped.UNREADABLE
    address, time, request, status, referrer, user_agent = found.groups()
    requested_at = _parse_time(time)
    words = request.split(" ")
    if requested_at is None or len(words) not in (2, 3):
        return Skipped.UNREADABLE
    if not _is_address(address):
        return Skipped.NO_ADDRESS
    method, target = words[0], words[1]
    return LogLine(
        address, requested_at, method, target, int(status), _given(referrer), _given(user_agent)
    )


def has_page_extension(target: str) -> bool:
    """Say whether the path's last segment has no extension or one of a page.

    Query and fragment do not count; `.html`, `.htm` and `.php` are pages, in any case.
    """
    path = target.split("?", 1)[0].split("#", 1)[0]
    _, dot, extension = path.rsplit("/", 1)[-1].rpartition(".")
    return not dot or extension.lower() in _PAGE_EXTENSIONS


def _parse_time(text: str) -> datetime | None:
    found = _TIME.fullmatch(text)
    if found is None or found[2] not in _MONTHS:
        return None
    day, year, hour, minute, second = (int(found[group]) for group in (1, 3, 4, 5, 6))
    offset = timedelta(hours=int(found[8]), minutes=int(found[9]))
    try:
        zone = timezone(-offset if found[7] == "-" else offset)
        local = datetime(year, _MONTHS[found[2]], day, hour, minute, second, tzinfo=zone)
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _given(text: str) -> str | None:
    """The log writes `-` for a header that was not sent."""
    return None if text in ("", "-") else text
