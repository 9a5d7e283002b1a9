"""Whose payment webhooks the edge can verify, each by its vendor's own rule on the raw body."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from ingest_edge.errors import BadSignature
from ingest_edge.http import Request
from ingest_edge.parsing import Unusable, decode_body, epoch_ms, identity
from schemas.load import RULES

_TOLERANCE_MS: Final = RULES.edge.webhooks.tolerance_seconds * 1000
_ID_DIGITS: Final = 32


class Facts(msgspec.Struct):
    """What the edge reads of a body; the whole of it is kept."""

    id: Any = None
    event_id: Any = None
    created: Any = None
    occurred_at: Any = None


_FACTS: Final = msgspec.json.Decoder(Facts)


@dataclass(frozen=True)
class Vendor:
    """How one vendor signs, and where its bodies say what they are.

    A stamp signs the time as well: `stamp` and `mark` are the parts of the header that hold the
    time and the signature, `separator` stands between parts, `joint` between time and body.
    Without one the body alone is signed.
    """

    header: bytes
    event_id: Callable[[Facts], Any]
    sent_at: Callable[[Facts], Any]
    stamp: str = ""
    mark: str = ""
    separator: str = ""
    joint: bytes = b""


VENDORS: Final[Mapping[str, Vendor]] = {
    "stripe": Vendor(
        b"stripe-signature", lambda facts: facts.id, lambda facts: facts.created,
        stamp="t", mark="v1", separator=",", joint=b".",
    ),
    "paddle": Vendor(
        b"paddle-signature", lambda facts: facts.event_id, lambda facts: facts.occurred_at,
        stamp="ts", mark="h1", separator=";", joint=b":",
    ),
    # Its bodies have no id: the same body is the same event, and only a signed one gets here.
    "lemonsqueezy": Vendor(b"x-signature", lambda facts: None, lambda facts: None),
}  # fmt: skip


def verify(vendor: Vendor, request: Request, secrets: tuple[str, ...], now: int) -> None:
    """Return if one of the secrets signed the body; BadSignature says what is wrong.

    `now` in epoch ms: a stamp may differ from it by webhooks.tolerance_seconds.
    """
    loc = f"headers.{vendor.header.decode()}"
    given = request.header(vendor.header)
    if not given:
        raise BadSignature((loc, "the header is missing", "Send webhooks from the vendor only."))
    stamp, marks = _parts(vendor, given)
    signed = stamp.encode() + vendor.joint + request.body if vendor.stamp else request.body
    expected = [hmac.new(s.encode(), signed, hashlib.sha256).hexdigest() for s in secrets]
    # Every pair is compared, whatever the first ones give: the time says nothing.
    fits = [hmac.compare_digest(mark.encode(), one.encode()) for mark in marks for one in expected]
    if not any(fits):
        fix = "Set the site's secret to the one the vendor shows for this address."
        raise BadSignature((loc, "no signature fits the body and the site's secret", fix))
    is_number = stamp.isdecimal() and len(stamp) < 12
    if vendor.stamp and not (is_number and abs(int(stamp) * 1000 - now) <= _TOLERANCE_MS):
        msg, fix = "signed too long ago, or in the future", "Set this machine's clock."
        raise BadSignature((loc, msg, fix), code="old_signature")


def _parts(vendor: Vendor, given: str) -> tuple[str, list[str]]:
    if not vendor.stamp:
        return "", [given.strip()]
    pairs = [part.strip().partition("=") for part in given.split(vendor.separator)]
    stamps = [value for name, _, value in pairs if name == vendor.stamp]
    return stamps[0] if stamps else "", [value for name, _, value in pairs if name == vendor.mark]


def facts_of(vendor: Vendor, body: bytes) -> tuple[str, int | None]:
    """Return the event's id, the same for the same webhook sent again, and its time in epoch ms."""
    facts = decode_body(_FACTS, body)
    try:
        event_id = identity(vendor.event_id(facts), "id")
        sent_at = epoch_ms(vendor.sent_at(facts), "created")
    except Unusable:
        event_id, sent_at = None, None
    return event_id or hashlib.sha256(body).hexdigest()[:_ID_DIGITS], sent_at


def secrets_of(settings: Mapping[str, Any], vendor: str) -> tuple[str, ...]:
    """Return the site's secrets for a vendor: one, or the old and the new while they change."""
    webhooks = settings.get("webhooks")
    found = webhooks.get(vendor) if isinstance(webhooks, Mapping) else None
    secrets = found if isinstance(found, list) else [found]
    return tuple(secret for secret in secrets if isinstance(secret, str) and secret)
