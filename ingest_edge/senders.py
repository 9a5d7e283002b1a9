"""Who sent a batch: a browser, a back end or an importer, and for whom it speaks."""

from typing import Any

from ingest_edge.arrival import Arrival, arrival_of, client_of, hints_of
from ingest_edge.custody import Edge
from ingest_edge.errors import Forbidden
from ingest_edge.gate import client_address, daily_ids
from ingest_edge.http import Request
from ingest_edge.keys import Key
from ingest_edge.privacy import AddressMask
from pipelines.enrich.device import NO_HINTS


class Senders:
    """The clients of one batch, each looked up once.

    A write key speaks for the browser that sent the request. A secret key speaks for others: only
    then is an address believed that an event names.
    """

    def __init__(
        self, edge: Edge, request: Request, key: Key, sent_at: int | None, *, history: bool = False
    ) -> None:
        self.is_secret = key.kind == "sec"
        if history and not self.is_secret:
            fix = "Import history with a hw_sec_ key."
            raise Forbidden(
                ("body.history", "a write key cannot import", fix), code="secret_key_only"
            )
        self.kind = "import" if history else "server" if self.is_secret else "browser"
        self._edge = edge
        self._key = key
        self._sent_at = sent_at
        self._received_at = edge.clock.received_at(sent_at)
        # A back end's own address and user agent say nothing of the visitor.
        self._address = None if self.is_secret else client_address(edge, request)
        self._user_agent = None if self.is_secret else request.header(b"user-agent")
        self._has_language = self.is_secret or b"accept-language" in request.headers
        self._hints = NO_HINTS if self.is_secret else hints_of(request)
        self._arrivals: dict[tuple[str | None, str | None], tuple[Arrival, AddressMask]] = {}

    def client(self, address: Any, user_agent: Any) -> tuple[str | None, str | None]:
        """Return address and user agent of the client, whatever an event says of them."""
        agent = user_agent if isinstance(user_agent, str) and user_agent else self._user_agent
        if not self.is_secret:
            return self._address, agent
        return (address if isinstance(address, str) else None), agent

    def arrival(self, address: Any = None, user_agent: Any = None) -> tuple[Arrival, AddressMask]:
        """Return the arrival of the events of one client, and what hides its address."""
        client = self.client(address, user_agent)
        found = self._arrivals.get(client)
        if found is None:
            found = self._arrivals[client] = (self._arrival(*client), AddressMask(client[0]))
        return found

    def _arrival(self, address: str | None, user_agent: str | None) -> Arrival:
        known = client_of(
            self._edge.geo,
            address,
            user_agent,
            is_judged=self.kind != "server" or user_agent is not None,
            has_language=self._has_language,
            hints=self._hints,
        )
        return arrival_of(
            self._key.site, self.kind, self._received_at, self._sent_at, known,
            is_secret=self.is_secret,
            daily_ids=daily_ids(self._edge, self._key, address, user_agent),
        )  # fmt: skip
