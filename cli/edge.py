"""Send batches to the edge in Segment's wire format, again and again until it has them."""

import http.client
import json
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from cli.errors import CliError

# Not durable now, or too many: the edge asks to come again. Event ids make a repeat harmless.
_AGAIN: Final = frozenset({408, 429, 502, 503, 504, 507})
_TRIES: Final = 8
# A key made a moment ago reaches the edge within two seconds: 0.2 + 0.4 + 0.8 + 1.6.
_KEY_TRIES: Final = 4
_NONE: Final[Mapping[str, str]] = MappingProxyType({})
_LONGEST_PAUSE_SECONDS: Final = 10.0


@dataclass(frozen=True)
class Refused:
    """One event that the edge did not take, as the edge said it."""

    place: str
    reason: str


_UNNAMED: Final = Refused("batch", "like those before")


class Edge(Protocol):
    """What takes batches of events."""

    def post_batch(
        self, batch: list[dict[str, Any]], headers: Mapping[str, str] = ..., **fields: Any
    ) -> list[Refused]:
        """Post events; return those refused, the rest is durable."""
        ...


class EdgeClient:
    """One kept connection to the edge with one key."""

    def __init__(self, url: str, key: str, pause: Callable[[float], None] = time.sleep) -> None:
        self._url = url
        self._pause = pause
        address = urlsplit(url)
        self._connection = http.client.HTTPConnection(
            address.hostname or "", address.port, timeout=30
        )
        token = b64encode(f"{key}:".encode()).decode()
        self._headers = {
            "Content-Type": "application/json",
            "Authorization": f"Basic {token}",
        }

    def post_batch(
        self, batch: list[dict[str, Any]], headers: Mapping[str, str] = _NONE, **fields: Any
    ) -> list[Refused]:
        """Post events; return those the edge refused. The rest is durable when this returns.

        Comes again after 429, 5xx and lost connections. Raises CliError when the whole batch is
        refused for its key or form, or when the edge stays away.
        """
        body = json.dumps({"batch": batch, **fields}, separators=(",", ":")).encode()
        for number in range(_TRIES):
            status, answer, retry_after = self._try(body, {**self._headers, **headers})
            if status in (200, 207):
                return _refused(answer.get("dropped"), len(batch) - _accepted(answer, len(batch)))
            if status == 400:
                return _refused(answer.get("errors"), len(batch))
            is_key_new = status == 401 and number < _KEY_TRIES
            if status and status not in _AGAIN and not is_key_new:
                raise self._refusal(status, answer)
            self._pause(min(_LONGEST_PAUSE_SECONDS, retry_after or 0.2 * 2**number))
        raise CliError(
            f"The edge did not take a batch in {_TRIES} tries (last status: {status or 'none'}).",
            where=self._url,
            fix="See `headwater status`; run the same command again, nothing is counted twice.",
        )

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _try(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, dict[str, Any], float]:
        """Return status (0: no answer), the answer's JSON, and Retry-After in seconds."""
        try:
            self._connection.request("POST", "/v1/batch", body, headers)
            response = self._connection.getresponse()
            text, retry_after = response.read(), response.getheader("Retry-After") or ""
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return 0, {}, 0.0
        seconds = float(retry_after) if retry_after.isdecimal() else 0.0
        return response.status, _json_object(text), seconds

    def _refusal(self, status: int, answer: dict[str, Any]) -> CliError:
        first = (answer.get("errors") or [{}])[0]
        reason = first.get("msg") or answer.get("title") or "no reason given"
        return CliError(
            f"The edge refused a batch ({status}): {reason}",
            where=f"{self._url}/v1/batch",
            fix=str(first.get("fix") or "Check the key: `headwater keys list`."),
        )


def _accepted(answer: dict[str, Any], count: int) -> int:
    """Return how many the edge took; one that does not say so took all."""
    accepted = answer.get("accepted", count)
    return accepted if isinstance(accepted, int) else count


def _refused(errors: list[dict[str, Any]] | None, count: int) -> list[Refused]:
    """Return one refusal per event that was not taken; the edge names only the first of them."""
    named = [Refused(str(error.get("loc")), str(error.get("msg"))) for error in errors or []]
    return (named + [_UNNAMED] * count)[:count]


def _json_object(text: bytes) -> dict[str, Any]:
    try:
        read = json.loads(text)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
