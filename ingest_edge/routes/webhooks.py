"""POST /webhooks/{vendor}/{site_id}: a payment event, verified on the raw body, kept whole."""

from typing import Final

import msgspec

from ingest_edge.arrival import arrival_of, client_of
from ingest_edge.custody import EVENTS, Edge, Parsed, take
from ingest_edge.errors import BadSignature, DropReason, NoSuchRoute, TooLarge
from ingest_edge.gate import count_client, left_out
from ingest_edge.http import Answer, Request, json_answer
from ingest_edge.keys import Site
from ingest_edge.parsing import Unusable, properties_text, refuse_body
from ingest_edge.privacy import AddressMask
from ingest_edge.webhooks import VENDORS, facts_of, secrets_of, verify
from schemas.load import RULES

_NAME: Final = "webhook_received"
_MAX_BYTES: Final = RULES.edge.webhooks.max_bytes


async def post_webhook(edge: Edge, request: Request, vendor_name: str, site_id: str) -> Answer:
    """Keep a webhook as event `webhook_received`; the same one again has the same event id."""
    site, secrets = _door(edge, request, vendor_name, site_id)
    vendor = VENDORS[vendor_name]
    if len(request.body) > _MAX_BYTES:
        raise TooLarge(("body", f"more than {_MAX_BYTES} bytes", "Ask the vendor for less."))
    try:
        verify(vendor, request, secrets, edge.clock.now())
    except BadSignature:
        # A vendor signs rightly; who does not is counted like one with a wrong key.
        count_client(edge, request)
        raise
    if site.is_paused:
        return left_out(edge, DropReason.PAUSED, 1)
    event_id, sent_at = facts_of(vendor, request.body)
    client = client_of(edge.geo, None, None, is_judged=False)
    received_at = edge.clock.received_at(None)
    arrival = arrival_of(site, "webhook", received_at, None, client, is_secret=True)
    event = arrival.blank
    event.event_name, event.event_id, event.client_at = _NAME, event_id, sent_at
    event.library_name = vendor_name
    try:
        event.properties = properties_text(msgspec.Raw(request.body.strip()), "")
    except Unusable as error:
        raise refuse_body(error) from error
    await take(edge, [Parsed(request.body, event, arrival, AddressMask())], EVENTS)
    return json_answer(200, {"received": True, "event_id": event_id})


def _door(
    edge: Edge, request: Request, vendor_name: str, site_id: str
) -> tuple[Site, tuple[str, ...]]:
    """Return the site and its secrets; NoSuchRoute does not tell which of them is missing."""
    if vendor_name not in VENDORS:
        known = ", ".join(VENDORS)
        raise NoSuchRoute(("path.vendor", f"{vendor_name[:40]!r} is no vendor", f"Use {known}."))
    site = edge.keys.ring.sites.get(site_id)
    secrets = secrets_of(site.settings, vendor_name) if site else ()
    if site is None or not secrets:
        count_client(edge, request)
        fix = f"Set the secret: `headwater sites webhook SITE {vendor_name}`."
        raise NoSuchRoute(("path.site_id", f"no site here takes {vendor_name} webhooks", fix))
    return site, secrets
