"""What every dialect does with JSON from strangers: decode within limits, name what is wrong."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, NoReturn, TypeVar

import msgspec

from ingest_edge.errors import BadRequest, DropReason, EdgeError, Refusal
from ingest_edge.privacy import may_name_address, without_addresses
from pipelines.enrich.money import amount_of
from schemas.load import RULES

T = TypeVar("T")

MAX_EVENT_BYTES: Final = RULES.delivery.max_event_bytes
MAX_DEPTH: Final = 64
_NAME_LENGTH: Final = RULES.events.name_max_length
_ID_LENGTH: Final = 256
LAST_MS: Final = 253_402_300_799_999  # the last moment of the year 9999
# A number above this is in milliseconds: as seconds it would be the year 5138.
_LEAST_MS: Final = 100_000_000_000
# What a field left out, null and an object without content look like.
NOTHING: Final = (b"", b"null", b"{}")
_BASE_CURRENCY: Final = RULES.currencies.base
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_LOC: Final = re.compile(r"^(?P<msg>.*?)(?: - at `\$\.?(?P<loc>.*)`)?$", re.DOTALL)


class Unusable(EdgeError):
    """Raised inside a dialect's parser: this event ends as the refusal it carries."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.msg)
        self.refusal = refusal


def refuse(loc: str, msg: str, fix: str, reason: DropReason = DropReason.BAD_EVENT) -> NoReturn:
    """End the event with a refusal."""
    raise Unusable(Refusal(reason, loc, msg, fix))


def refuse_body(error: Unusable) -> BadRequest:
    """Return the answer to a body that is wrong outside its events."""
    refusal = error.refusal
    return BadRequest((f"body.{refusal.loc}", refusal.msg, refusal.fix), code=refusal.reason)


def decode_body(decoder: "msgspec.json.Decoder[T]", body: bytes) -> T:
    """Return the body, decoded; BadRequest names the place that is wrong."""
    try:
        if not body.isascii():
            # TRICKY: what the decoder skips or keeps raw it does not check for UTF-8.
            body.decode("utf-8")
        return decoder.decode(body)
    except UnicodeDecodeError as error:
        raise BadRequest(
            ("body", f"not UTF-8 at byte {error.start}", "Encode the body as UTF-8."),
            code="bad_encoding",
        ) from error
    except RecursionError as error:
        raise BadRequest(
            ("body", "nested too deep", f"Send at most {MAX_DEPTH} levels."), code="too_deep"
        ) from error
    except msgspec.ValidationError as error:
        loc, msg = _split(error)
        raise BadRequest((f"body.{loc}" if loc else "body", msg, "Send that type.")) from error
    except msgspec.DecodeError as error:
        raise BadRequest(("body", str(error), "Send a JSON object."), code="bad_json") from error


def decode_event(
    decoder: "msgspec.json.Decoder[T]", raw: bytes | msgspec.Raw, under: str = ""
) -> T:
    """Return one event, decoded; Unusable says what is wrong with it.

    `under` is the place of `raw` in the event, if it is only a part of it.
    """
    check_size(raw)
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        loc, msg = _split(error)
        place = f"{under}.{loc}".strip(".")
        refuse(place, msg, "Send that type, or leave the field out.")


def check_size(raw: bytes | msgspec.Raw) -> None:
    """Refuse an event that is larger than the limit."""
    if len(raw) > MAX_EVENT_BYTES:
        refuse(
            "", f"larger than {MAX_EVENT_BYTES} bytes", "Send fewer properties.",
            DropReason.EVENT_TOO_LARGE,
        )  # fmt: skip


def _split(error: msgspec.ValidationError) -> tuple[str, str]:
    match = _LOC.match(str(error))
    return (match["loc"] or "", match["msg"]) if match else ("", str(error))


def epoch_ms(value: Any, loc: str) -> int | None:
    """Return a time in epoch ms from ISO 8601, seconds or milliseconds; None from nothing."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        moment = _iso_ms(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        moment = int(value if abs(value) >= _LEAST_MS else value * 1000)
    else:
        moment = None
    if moment is None or not 0 <= moment <= LAST_MS:
        refuse(
            loc, f"{str(value)[:40]!r} is no time", "Send ISO 8601 or epoch ms.",
            DropReason.BAD_TIME,
        )  # fmt: skip
    return moment


def _iso_ms(text: str) -> int | None:
    try:
        moment = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def identity(value: Any, loc: str) -> str | None:
    """Return an id as text; clients send numbers too. None from nothing."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        refuse(loc, "must be text", "Send a string.")
    text = str(value)
    if len(text) > _ID_LENGTH:
        refuse(loc, f"longer than {_ID_LENGTH} characters", "Send a shorter id.")
    return text


def event_name(value: str | None, loc: str) -> str:
    """Return the event's name, a known alias replaced by the standard name."""
    name = (value or "").strip()
    if not name or len(name) > _NAME_LENGTH:
        refuse(loc, f"must have 1 to {_NAME_LENGTH} characters", "Name the event.")
    return RULES.events.aliases.get(name, name)


def amount(value: Any, loc: str) -> Decimal | None:
    """Return an amount of money; None from nothing."""
    if value is None or value == "":
        return None
    is_number = isinstance(value, str | int | float | Decimal) and not isinstance(value, bool)
    number = amount_of(str(value)) if is_number else None
    if number is None:
        refuse(loc, f"{str(value)[:40]!r} is no amount", 'Send a number such as 12.50 or "12.50".')
    return number


def currency(value: Any, loc: str) -> str:
    """Return a currency code in upper case; the base of the rate table from nothing."""
    if value is None or value == "":
        return _BASE_CURRENCY
    code = value.upper() if isinstance(value, str) else ""
    if not _CURRENCY.fullmatch(code):
        refuse(loc, f"{str(value)[:10]!r} is no currency", "Send an ISO 4217 code such as EUR.")
    return code


def properties_text(raw: msgspec.Raw, loc: str) -> str | None:
    """Return a JSON object as text without fields that hold addresses; None from nothing."""
    content = bytes(raw)
    if content in NOTHING:
        return None
    if content[0] != 0x7B:  # {
        refuse(loc, "must be an object", 'Send {"name": value}.')
    if content.count(b"{") + content.count(b"[") > MAX_DEPTH and depth(content) > MAX_DEPTH:
        fix = f"Send at most {MAX_DEPTH} levels."
        refuse(loc, "nested too deep", fix, DropReason.TOO_DEEP)
    if may_name_address(content):
        return without_named_addresses(content, loc)
    return content.decode("utf-8")


def without_named_addresses(content: bytes, loc: str) -> str:
    """Return the JSON text with address fields removed, as it came if there are none."""
    try:
        decoded = msgspec.json.decode(content)
    except msgspec.DecodeError as error:
        refuse(loc, str(error), "Send numbers that a double can hold.")
    cleaned = without_addresses(decoded)
    return content.decode() if cleaned == decoded else msgspec.json.encode(cleaned).decode()


def depth(content: bytes) -> int:
    """Return how deep valid JSON is nested."""
    deepest = level = 0
    for character in re.sub(rb'"(?:[^"\\]|\\.)*"', b"", content):
        if character in b"{[":
            level += 1
            deepest = max(deepest, level)
        elif character in b"}]":
            level -= 1
    return deepest


def text_of(value: Any) -> str | None:
    """Return text; None from anything else and from nothing."""
    return value if isinstance(value, str) and value else None


def whole(value: Any, loc: str, low: int = -(2**31), high: int = 2**31 - 1) -> int | None:
    """Return a number as an integer within bounds, rounded; None from nothing."""
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not low <= value <= high:
        refuse(loc, f"{str(value)[:40]!r} is not {low} to {high}", "Send a whole number.")
    return int(round(value))
