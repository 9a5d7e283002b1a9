"""What happens to every event, in order, whatever dialect it came in.

A step returns None, or a Refusal that ends it. Steps change the event in place: a copy each
would cost more than all of them together (see event.py). Who sent it (device, place, bot score)
is the same for the whole batch and stands in `arrival.blank`, from which the event was copied.
"""

import hashlib
from collections.abc import Callable
from datetime import date
from typing import Final

import msgspec

from ingest_edge.arrival import Arrival
from ingest_edge.errors import DropReason, Refusal
from ingest_edge.event import Event
from ingest_edge.flood import FloodGauge
from pipelines.enrich.channel import origin_of, referrer_host
from pipelines.enrich.local_date import local_date
from pipelines.enrich.money import usd_amount
from pipelines.enrich.url import page_of
from schemas.load import RULES

Step = Callable[[Event, Arrival], Refusal | None]

MAX_AGE_MS: Final = RULES.delivery.max_age_hours * 3_600_000
_PASSIVE: Final = frozenset(RULES.events.passive)
_CONVERSIONS: Final = frozenset(RULES.events.conversions)
FLOOD: Final = FloodGauge(RULES.delivery.flood_events_per_hour)


def drop_missing_visitor(event: Event, arrival: Arrival) -> Refusal | None:
    """Refuse a browser's event that names nobody. Servers may report events of no visitor."""
    is_servers = event.sender in ("server", "webhook")
    if event.visitor_id or event.user_id or is_servers or arrival.daily_ids:
        return None
    fix = "Send anonymousId (visitor_id, distinct_id in other dialects), or userId."
    return Refusal(DropReason.MISSING_VISITOR, "anonymousId", "names no visitor", fix)


def put_event_at(event: Event, arrival: Arrival) -> Refusal | None:
    """Set `event_at`: the client's time, shifted by its clock's error, never after receipt."""
    if event.client_at is None:
        return None
    event.event_at = min(event.client_at + arrival.shift_ms, event.received_at)
    if event.event_at >= 0:
        return None
    return Refusal(DropReason.BAD_TIME, "timestamp", "is before 1970", "Send the event's time.")


def drop_too_old(event: Event, arrival: Arrival) -> Refusal | None:
    """Refuse what is older than a write key may report."""
    if arrival.is_secret or event.received_at - event.event_at <= MAX_AGE_MS:
        return None
    hours = RULES.delivery.max_age_hours
    fix = "Send it with a secret key (hw_sec_); its days are then computed again."
    return Refusal(DropReason.TOO_OLD, "timestamp", f"is older than {hours} hours", fix)


def put_event_id(event: Event, arrival: Arrival) -> None:
    """Set `event_id` where the sender gave none: the same event sent again gets the same."""
    if event.event_id:
        return
    body = {
        **msgspec.structs.asdict(event),
        "event_at": None,
        "event_date": "",
        "received_at": None,
        "sent_at": None,
    }
    canonical = msgspec.json.encode(body, order="sorted")
    event.event_id = hashlib.sha256(canonical).hexdigest()[:32]


def put_landing(event: Event, landing_url: str) -> None:
    """Set the campaign that brought the visitor: the page may have rewritten its address since."""
    page = page_of(landing_url)
    event.utm_source, event.utm_medium = page.utm_source, page.utm_medium
    event.utm_campaign, event.utm_term = page.utm_campaign, page.utm_term
    event.utm_content = page.utm_content
    event.click_id_kind, event.click_id = page.click_id_kind, page.click_id


def put_page(event: Event, arrival: Arrival) -> None:
    """Set the parts of the page's address; what the sender said of the campaign stays."""
    if event.page_url is None:
        return
    page = page_of(event.page_url)
    event.page_host = page.host or event.page_host
    event.page_path = page.path or event.page_path
    event.page_search = page.search or event.page_search
    event.utm_source = event.utm_source or page.utm_source
    event.utm_medium = event.utm_medium or page.utm_medium
    event.utm_campaign = event.utm_campaign or page.utm_campaign
    event.utm_term = event.utm_term or page.utm_term
    event.utm_content = event.utm_content or page.utm_content
    if event.click_id is None:
        event.click_id_kind, event.click_id = page.click_id_kind, page.click_id


def put_referrer_host(event: Event, arrival: Arrival) -> None:
    """Set `referrer_host`, unless the referrer is the site itself or a payment provider."""
    host = referrer_host(event.referrer) if event.referrer else None
    if host is not None and host != event.page_host and not arrival.site.owns(host):
        event.referrer_host = host


def put_origin(event: Event, arrival: Arrival) -> None:
    """Set source, medium, campaign and channel."""
    origin = origin_of(
        event.utm_source, event.utm_medium, event.utm_campaign, event.click_id_kind,
        event.referrer_host, arrival.site.channel_rules,
    )  # fmt: skip
    event.source, event.medium, event.campaign, event.channel = origin


def put_event_date(event: Event, arrival: Arrival) -> None:
    """Set `event_date`, the site's local day of `event_at`."""
    event.event_date = local_date(event.event_at, arrival.site.timezone)


def put_daily_visitor(event: Event, arrival: Arrival) -> Refusal | None:
    """Set `visitor_id` where no cookie may, and leave out what the sender recognises it by."""
    if arrival.daily_ids is None:
        return None
    event.visitor_id = arrival.daily_ids.at(event.event_date, event.event_at)
    event.client_session_id = event.is_new_visitor_hint = None
    if event.visitor_id is not None:
        return None
    fix = "Send events of cookieless visitors within two days."
    return Refusal(DropReason.TOO_OLD, "timestamp", "the salt of its day is destroyed", fix)


def drop_erased(event: Event, arrival: Arrival) -> Refusal | None:
    """Leave out whom the site has forgotten: what was erased must not begin again."""
    if not arrival.site.has_erased(event.visitor_id, event.user_id):
        return None
    return Refusal(DropReason.ERASED, "", "is of a person who was erased", "Do not send it.")


def put_meaning(event: Event, arrival: Arrival) -> None:
    """Set `is_interactive` and `is_conversion`; what the sender said of a conversion stays."""
    name = event.event_name
    event.is_conversion = event.is_conversion or name in _CONVERSIONS
    event.is_interactive = event.is_conversion or (event.is_interactive and name not in _PASSIVE)


def put_revenue(event: Event, arrival: Arrival) -> None:
    """Set `revenue_usd_amount` by the rate of the event's day."""
    if event.revenue_amount is not None and event.currency is not None:
        day = date.fromisoformat(event.event_date)
        event.revenue_usd_amount = usd_amount(event.revenue_amount, event.currency, day)


def put_flood(event: Event, arrival: Arrival) -> None:
    """Set `is_flood` when the visitor passes the events of an hour."""
    if event.visitor_id is not None:
        event.is_flood = FLOOD.add(event.site_id, event.visitor_id, event.event_at)


STEPS: Final[tuple[Step, ...]] = (
    drop_missing_visitor,
    put_event_at,
    drop_too_old,
    put_event_date,
    put_daily_visitor,
    drop_erased,
    put_event_id,
    put_page,
    put_referrer_host,
    put_origin,
    put_meaning,
    put_revenue,
    put_flood,
)


def run_steps(event: Event, arrival: Arrival) -> Refusal | None:
    """Take the event through all steps; a Refusal ends it."""
    for step in STEPS:
        refusal = step(event, arrival)
        if refusal is not None:
            return refusal
    return None
