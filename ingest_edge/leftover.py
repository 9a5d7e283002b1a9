"""Keep what a dialect has no name for: whatever a sender says of an event stays in `properties`."""

import types
from functools import cache
from typing import Any, Final, TypeVar, get_args, get_type_hints

import msgspec

from ingest_edge.parsing import NOTHING, check_size, decode_event

T = TypeVar("T", bound=msgspec.Struct)
Fields = dict[str, msgspec.Raw]

_FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def known_and_left(raw: bytes | msgspec.Raw, struct: type[msgspec.Struct]) -> tuple[bytes, Fields]:
    """Split a JSON object into what the struct has fields for, as JSON, and the rest.

    Goes into structs below. What is no object comes back whole, for the decoder to refuse.
    """
    if bytes(raw)[:1] != b"{":
        return bytes(raw), {}
    known: Fields = {}
    left: Fields = {}
    inner = _fields_of(struct)
    for name, value in _FIELDS.decode(raw).items():
        if name not in inner:
            left[name] = value
        elif (below := inner[name]) is not None and bytes(value)[:1] == b"{":
            kept, rest = known_and_left(value, below)
            known[name] = msgspec.Raw(kept)
            if rest:
                left[name] = msgspec.Raw(msgspec.json.encode(rest))
        else:
            known[name] = value
    return msgspec.json.encode(known), left


def decode_all(
    decoder: "msgspec.json.Decoder[T]", struct: type[T], raw: bytes | msgspec.Raw, under: str = ""
) -> tuple[T, Fields]:
    """Return an object decoded, and what it holds besides; Unusable if it cannot be.

    The struct forbids unknown fields, so that the usual object costs one decoding.
    """
    check_size(raw)
    try:
        return decoder.decode(raw), {}
    except msgspec.ValidationError:
        known, left = known_and_left(raw, struct)
        return decode_event(decoder, known, under), left


@cache
def _fields_of(struct: type[msgspec.Struct]) -> dict[str, type[msgspec.Struct] | None]:
    """Return the struct's names on the wire, with the struct a field holds, if it holds one."""
    hints = get_type_hints(struct)
    return {
        field.encode_name: _struct_in(hints[field.name]) for field in msgspec.structs.fields(struct)
    }


def _struct_in(hint: Any) -> type[msgspec.Struct] | None:
    options = get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    found = [o for o in options if isinstance(o, type) and issubclass(o, msgspec.Struct)]
    return found[0] if found else None


def joined(properties: msgspec.Raw, left: Fields) -> msgspec.Raw:
    """Return the properties with what was left added, each under its own name.

    The sender's properties stay as they are, byte for byte; a name they use already is not
    overwritten: `_` is put behind the added one.
    """
    if not left:
        return properties
    content = bytes(properties).strip()
    if content in NOTHING or content[:1] != b"{":
        # What is no object is refused by whoever reads it; it takes nothing in.
        return properties if content not in NOTHING else msgspec.Raw(msgspec.json.encode(left))
    taken = _FIELDS.decode(content)
    if not taken:
        return msgspec.Raw(msgspec.json.encode(left))
    added = msgspec.json.encode({_free(name, taken): value for name, value in left.items()})
    return msgspec.Raw(content[:-1].rstrip() + b"," + added[1:])


def without(properties: msgspec.Raw, *names: str) -> msgspec.Raw:
    """Return a JSON object without some of its names; nothing is written anew if none is there."""
    if bytes(properties)[:1] != b"{":
        return properties
    sent = _FIELDS.decode(properties)
    kept = {name: value for name, value in sent.items() if name not in names}
    return properties if len(kept) == len(sent) else msgspec.Raw(msgspec.json.encode(kept))


def _free(name: str, taken: Fields) -> str:
    while name in taken:
        name += "_"
    return name
