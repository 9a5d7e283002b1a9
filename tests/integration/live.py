"""Listen to a stream of the API as a browser's EventSource does."""

import json
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Told:
    """One message of a stream. `kind` is message unless it says otherwise; `at` is monotonic."""

    place: str | None
    kind: str
    data: Any
    at: float


@dataclass
class Heard:
    """What a stream says, in order."""

    status: int
    messages: queue.Queue[Told] = field(default_factory=queue.Queue)

    def next(self, seconds: float = 60) -> Told:
        """Return the next message."""
        return self.messages.get(timeout=seconds)


@contextmanager
def listening(base: str, path: str, key: str, after: str | None = None) -> Iterator[Heard]:
    """Open a stream; when the body runs, what is sent from then on is heard."""
    address = urlsplit(base)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=120)
    headers = {"Authorization": f"Bearer {key}"} | ({"Last-Event-ID": after} if after else {})
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    heard = Heard(response.status)
    thread = threading.Thread(target=_read, args=(response, heard), daemon=True)
    thread.start()
    try:
        yield heard
    finally:
        if connection.sock is not None:
            with suppress(OSError):
                connection.sock.shutdown(2)
        thread.join(10)
        connection.close()


def _read(response: HTTPResponse, heard: Heard) -> None:
    fields: dict[str, str] = {}
    with suppress(OSError, ValueError):
        for line in iter(response.readline, b""):
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name:
                fields[name] = value
                continue
            if "data" in fields:
                data = json.loads(fields["data"])
                kind = fields.get("event", "message")
                heard.messages.put(Told(fields.get("id"), kind, data, time.monotonic()))
            fields = {}
