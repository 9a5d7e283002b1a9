"""A ledger: what a generator sent to the edge, and what the edge said it had taken."""

import http.client
import json
import threading
import time
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from tests.integration.stack import Stack, TestSite

BATCH: Final = 10
VISITORS: Final = 400
GAP: Final = timedelta(minutes=30)
# How long ago each round of events happened: half of them are late and make sessions before.
ROUNDS: Final = (0, 0, 40, 80)
# One event in so many is a form found wrong: a row of friction each.
_FORM_ERRORS: Final = 10
# A retry storm: every so many batches are sent again although they were acknowledged.
_AGAIN: Final = 7


@dataclass
class Ledger:
    """Event ids by what became of them; an id that was sent without an answer may be anywhere."""

    acknowledged: set[str] = field(default_factory=set)
    sent: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    def add(self, other: "Ledger") -> None:
        """Take in what another load of the same site sent."""
        self.acknowledged |= other.acknowledged
        self.sent |= other.sent

    def sessions(self, ids: Iterable[str]) -> dict[str, list[int]]:
        """Return how many of these events are in each session of each visitor, in order."""
        times = defaultdict(list)
        for visitor, moment in (self.sent[event_id] for event_id in ids):
            times[visitor].append(moment)
        return {visitor: _session_sizes(sorted(own)) for visitor, own in times.items()}


def _session_sizes(times: list[datetime]) -> list[int]:
    sizes = [1]
    for before, after in zip(times, times[1:], strict=False):
        if after - before > GAP:
            sizes.append(0)
        sizes[-1] += 1
    return sizes


@dataclass
class Load:
    """A thread that posts batches at a rate until it is stopped, whoever is down meanwhile."""

    stack: Stack
    site: TestSite
    rate: int
    name: str = ""  # of several loads of one site
    visitors: int = VISITORS
    rounds: tuple[int, ...] = ROUNDS
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
            events = [self._event(number + offset) for offset in range(BATCH)]
            self._post(events)
            if number // BATCH % _AGAIN == 0:
                self._post(events)
            number += BATCH
            ahead = number / self.rate - (time.monotonic() - started)
            self._stop.wait(max(0.0, ahead))

    def _event(self, number: int) -> dict[str, Any]:
        event_id = f"{self.site.site_id}-{self.name}{number}"
        visitor = f"{self.name}v{number % self.visitors}"
        ago = self.rounds[number // self.visitors % len(self.rounds)]
        happened_at = datetime.now(UTC) - timedelta(minutes=ago)
        self.ledger.sent[event_id] = (visitor, happened_at)
        page = {"path": f"/p{number % 5}", "url": f"https://x.example/p{number % 5}"}
        form = {"type": "track", "event": "form_error", "properties": {"form": "signup"}}
        return {
            **(form if number % _FORM_ERRORS == 3 else {"type": "page"}),
            "messageId": event_id,
            "anonymousId": visitor,
            "timestamp": happened_at.isoformat(),
            "context": {"page": page},
        }

    def _post(self, events: list[dict[str, Any]]) -> None:
        body = json.dumps({"batch": events, "sentAt": datetime.now(UTC).isoformat()})
        token = b64encode(f"{self.site.write_key}:".encode()).decode()
        headers = {"Content-Type": "application/json", "Authorization": f"Basic {token}"}
        address = urlsplit(self.stack.url("edge"))
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
        try:
            connection.request("POST", "/v1/batch", body, headers)
            if connection.getresponse().status == 200:
                self.ledger.acknowledged.update(event["messageId"] for event in events)
        except OSError:
            self._stop.wait(0.2)  # the edge is away: nothing was promised
        finally:
            connection.close()
