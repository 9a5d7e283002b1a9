"""A ledger: what a generator sent to the edge, and what the edge said it had taken."""

import http.client
import json
import threading
import time
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from tests.integration.stack import Stack, TestSite

BATCH: Final = 10
VISITORS: Final = 40
# A retry storm: every so many batches are sent again although they were acknowledged.
_AGAIN: Final = 7


@dataclass
class Ledger:
    """Event ids by what became of them; an id that was sent without an answer may be anywhere."""

    acknowledged: set[str] = field(default_factory=set)
    sent: set[str] = field(default_factory=set)


@dataclass
class Load:
    """A thread that posts batches at a rate until it is stopped, whoever is down meanwhile."""

    stack: Stack
    site: TestSite
    rate: int
    ledger: Ledger = field(default_factory=Ledger)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> "Load":
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=30)

    def wait_for(self, count: int, seconds: float = 120) -> None:
        """Wait until so many more events were acknowledged."""
        wanted = len(self.ledger.acknowledged) + count
        self.stack.wait_until(
            f"{count} events acknowledged",
            lambda: len(self.ledger.acknowledged) >= wanted,
            seconds=seconds,
        )

    def _run(self) -> None:
        started, number = time.monotonic(), 0
        while not self._stop.is_set():
            ids = [f"{self.site.site_id}-{number + offset}" for offset in range(BATCH)]
            self._post(ids)
            if number // BATCH % _AGAIN == 0:
                self._post(ids)
            number += BATCH
            ahead = number / self.rate - (time.monotonic() - started)
            self._stop.wait(max(0.0, ahead))

    def _post(self, ids: list[str]) -> None:
        self.ledger.sent.update(ids)
        body = json.dumps({"batch": [_event(event_id) for event_id in ids], "sentAt": _now()})
        token = b64encode(f"{self.site.secret_key}:".encode()).decode()
        headers = {"Content-Type": "application/json", "Authorization": f"Basic {token}"}
        address = urlsplit(self.stack.url("edge"))
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
        try:
            connection.request("POST", "/v1/batch", body, headers)
            if connection.getresponse().status == 200:
                self.ledger.acknowledged.update(ids)
        except OSError:
            self._stop.wait(0.2)  # the edge is away: nothing was promised
        finally:
            connection.close()


def _event(event_id: str) -> dict[str, Any]:
    number = int(event_id.rpartition("-")[2])
    return {
        "type": "page",
        "messageId": event_id,
        "anonymousId": f"v{number % VISITORS}",
        "timestamp": _now(),
        "context": {"page": {"path": f"/p{number % 5}", "url": f"https://x.example/p{number % 5}"}},
    }


def _now() -> str:
    return datetime.now(UTC).isoformat()
