"""Who is at the door: key, origin, privacy signals, client."""

import base64
import binascii

from ingest_edge.address import network_of
from ingest_edge.arrival import address_of
from ingest_edge.custody import Edge
from ingest_edge.daily_ids import DailyIds, client_bytes
from ingest_edge.errors import DropReason, Forbidden, Refused
from ingest_edge.http import Answer, Request, json_answer
from ingest_edge.keys import Key


def key_text(request: Request, in_body: str | None = None) -> str | None:
    """Return the key the request carries: Basic auth, Bearer, X-API-Key, or in the body."""
    authorization = request.header(b"authorization") or ""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "basic":
        return _basic_user(value) or in_body
    if scheme.lower() == "bearer":
        return value.strip()
    return request.header(b"x-api-key") or in_body or request.parameter("k")


def _basic_user(value: str) -> str | None:
    try:
        decoded = base64.b64decode(value, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return decoded.partition(":")[0] or None


def admit(edge: Edge, request: Request, text: str | None, site_id: str | None = None) -> Key:
    """Return the key and count the request, or raise UnknownKey, Forbidden, TooManyRequests.

    `site_id` is the one in the path. A client's tries with keys that do not exist count as well.
    """
    try:
        key = allowed_key(edge, request, text, site_id)
    except Refused:
        count_client(edge, request)
        raise
    count_request(edge, key, client_address(edge, request))
    return key


def count_request(edge: Edge, key: Key, address: str | None) -> None:
    """Count a request of a key that may be used, or raise TooManyRequests."""
    if key.kind != "sec":
        edge.limits.count_address(address)
    edge.limits.count_key(key.key_hash, key.requests_per_minute)


def allowed_key(edge: Edge, request: Request, text: str | None, site_id: str | None = None) -> Key:
    """Return the key if it may be used like this, or raise UnknownKey or Forbidden."""
    key = edge.keys.ring.find(text, edge.clock.now())
    if key.kind == "api":
        fix = "Write with a hw_pub_ or hw_sec_ key."
        raise Forbidden(("key", "this key only reads", fix), code="read_only_key")
    if site_id is not None and site_id != key.site.site_id:
        fix = "Use a key of that site."
        raise Forbidden(("path.site_id", "the key is of another site", fix), code="wrong_site")
    if not key.allows(request.origin_host):
        fix = "Add the host to the site's allowed hosts, or send from a page of the site."
        msg = f"{request.origin_host!r} is not a host of the site"
        raise Forbidden(("headers.origin", msg, fix), code="foreign_origin")
    return key


def admit_page(edge: Edge, request: Request, site_id: str, site_header: str) -> Key:
    """Return a page's right to write to its own site without a key, and count the request."""
    count_client(edge, request)
    loc = f"headers.{site_header.lower()}"
    key = edge.keys.ring.page_key(site_id, request.origin_host, loc)
    edge.limits.count_key(key.key_hash, key.requests_per_minute)
    return key


def count_client(edge: Edge, request: Request) -> None:
    """Count a request of the client's address, or raise TooManyRequests."""
    edge.limits.count_address(client_address(edge, request))


def privacy_signal(request: Request, key: Key) -> DropReason | None:
    """Return why the whole batch is left out on purpose: the visitor's wish, or the owner's."""
    if key.site.is_paused:
        return DropReason.PAUSED
    if key.kind != "pub":
        return None
    if request.headers.get(b"sec-gpc") == b"1":
        return DropReason.GPC
    if request.headers.get(b"dnt") == b"1" and key.site.respects_dnt:
        return DropReason.DNT
    return None


def has_daily_ids(key: Key, *, is_asked: bool) -> bool:
    """Tell whether the visitor gets an id of the day (see daily_ids)."""
    mode = key.site.cookieless
    return key.kind == "pub" and (mode == "always" or (mode is not None and is_asked))


def daily_ids(
    edge: Edge, key: Key, address: str | None, user_agent: str | None, *, is_asked: bool = False
) -> DailyIds | None:
    """Return the ids of a visitor who gets none from the sender; None where the sender's counts.

    `is_asked` tells that the visitor has rejected being recognised. Servers name their visitors
    themselves. Raises NotDurable while the salts are not known.
    """
    if not has_daily_ids(key, is_asked=is_asked):
        return None
    client = client_bytes(network_of(address), user_agent)
    return edge.salts.ids_of(key.site.site_id, key.site.timezone, client)


def left_out(edge: Edge, reason: DropReason, count: int) -> Answer:
    """Answer a batch that the visitor does not want counted: kept nowhere, never sent again."""
    edge.metrics.add("headwater_edge_events_dropped_total", reason, count)
    return json_answer(
        200, {"success": True, "accepted": 0, "dropped": [], "reason": reason}, reason
    )


def client_address(edge: Edge, request: Request) -> str | None:
    """Return the address of the client, as far as listed proxies can be believed."""
    return address_of(request, edge.config.trusted_proxies)
