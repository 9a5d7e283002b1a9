"""What is known of a batch besides its events; it has no field for the client's address."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

from ingest_edge.address import parse_address, without_port
from ingest_edge.daily_ids import DailyIds
from ingest_edge.event import Event, blank_event
from ingest_edge.geo import Geo, Place
from ingest_edge.http import Request
from ingest_edge.keys import Site
from pipelines.enrich.bots import PERSON, BotVerdict, judge
from pipelines.enrich.device import NO_HINTS, Agent, Hints, agent_of
from schemas.load import RULES

_MAX_HOPS: Final = 32  # more proxies in a row are a sender's joke
_SKEW_MS = RULES.delivery.clock_skew_seconds * 1000


@dataclass(frozen=True, slots=True)
class Client:
    """Who sent, as far as it may be kept."""

    agent: Agent
    verdict: BotVerdict
    place: Place


@dataclass(frozen=True, slots=True)
class Arrival:
    """A batch that came in: whose, and from whom.

    `blank` is what its events start from; `shift_ms` is by how much the sender's clock is behind.
    With `daily_ids` the events take their visitor from there, and none from the sender.
    """

    site: Site
    is_secret: bool
    shift_ms: int
    blank: Event
    daily_ids: DailyIds | None = None


def arrival_of(
    site: Site,
    sender: str,
    received_at: int,
    sent_at: int | None,
    client: Client,
    *,
    is_secret: bool,
    daily_ids: DailyIds | None = None,
) -> Arrival:
    """Return the arrival of a batch. Times in epoch ms, `sent_at` by the sender's clock."""
    blank = blank_event(
        site_id=site.site_id, sender=sender, received_at=received_at, sent_at=sent_at
    )
    agent, verdict, place = client.agent, client.verdict, client.place
    blank.device, blank.browser, blank.browser_version, blank.os, blank.os_version = agent
    blank.bot_score, blank.is_bot, blank.bot_reasons = verdict
    blank.country, blank.region, blank.city = place
    # The times in a file of history are those of the server that wrote it.
    shift_ms = 0 if sender == "import" else shift_of(received_at, sent_at)
    return Arrival(site, is_secret, shift_ms, blank, daily_ids)


def shift_of(received_at: int, sent_at: int | None) -> int:
    """Return by how many ms the sender's clock is behind; 0 within what a network takes."""
    behind = 0 if sent_at is None else received_at - sent_at
    return behind if behind < 0 or behind > _SKEW_MS else 0


def client_of(
    geo: Geo,
    address: str | None,
    user_agent: str | None,
    *,
    is_judged: bool,
    has_language: bool = True,
    hints: Hints = NO_HINTS,
    is_webdriver: bool = False,
) -> Client:
    """Return what may be kept of a client. `is_judged` is False for a back end's own calls."""
    verdict = (
        judge(user_agent, has_language=has_language, is_webdriver=is_webdriver)
        if is_judged
        else PERSON
    )
    agent = agent_of(user_agent, is_bot=verdict.is_bot, hints=hints)
    return Client(agent, verdict, geo.place_of(address))


def browser_of(geo: Geo, address: str | None, request: Request, *, is_webdriver: bool) -> Client:
    """Return what may be kept of the browser that sent a request."""
    return client_of(
        geo,
        address,
        request.header(b"user-agent"),
        is_judged=True,
        has_language=b"accept-language" in request.headers,
        hints=hints_of(request),
        is_webdriver=is_webdriver,
    )


def hints_of(request: Request) -> Hints:
    """Return the client hints of a browser's request."""
    headers = request.headers
    if b"sec-ch-ua" not in headers and b"sec-ch-ua-mobile" not in headers:
        return NO_HINTS
    return Hints(
        request.header(b"sec-ch-ua"),
        request.header(b"sec-ch-ua-platform"),
        request.header(b"sec-ch-ua-platform-version"),
        headers.get(b"sec-ch-ua-mobile") == b"?1",
    )


def address_of(
    request: Request, trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
) -> str | None:
    """Return the client's address: the last one that no listed proxy has.

    X-Forwarded-For is believed from right to left, as long as the address to the right of an
    entry is a listed proxy. None if a listed proxy names something that is no address.
    """
    forwarded = request.header(b"x-forwarded-for")
    if not forwarded:
        return request.peer
    address = parse_address(request.peer)
    hops = forwarded.split(",")[-_MAX_HOPS:]
    while hops and address is not None and _is_listed(address, trusted_proxies):
        address = parse_address(without_port(hops.pop()))
    return None if address is None else str(address)


def _is_listed(
    address: IPv4Address | IPv6Address, proxies: tuple[IPv4Network | IPv6Network, ...]
) -> bool:
    return any(address.version == network.version and address in network for network in proxies)
