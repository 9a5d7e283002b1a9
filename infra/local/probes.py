"""Questions a health check asks. Each answers within seconds and raises nothing."""

import http.client
import json
import socket
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

_TIMEOUT_SECONDS = 2.0
_PATIENCE_SECONDS = 10.0


def answers_tcp(port: int) -> bool:
    """Whether somebody listens on a port of this machine."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT_SECONDS):
            return True
    except OSError:
        return False


def answers_http(url: str) -> bool:
    """Whether a GET is answered with 200."""
    status, _ = _get(url)
    return status == 200


def answers_at_all(url: str) -> bool:
    """Whether a GET is answered, with any status: the program does not hang.

    Waits longer than the others: on a starved machine slow is not dead.
    """
    status, _ = _get(url, _PATIENCE_SECONDS)
    return status > 0


def read_json(url: str) -> Any:
    """Return the JSON of a GET, None if there is no answer of that kind."""
    status, body = _get(url)
    if status != 200:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return None


def _get(url: str, timeout: float = _TIMEOUT_SECONDS) -> tuple[int, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    with closing(connection):
        try:
            connection.request("GET", parts.path or "/", headers={"X-Trino-User": "headwater"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
