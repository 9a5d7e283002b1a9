"""Forget the client's address: the one place that knows every name it goes by."""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any, Final

import msgspec

# Field names that hold addresses in the dialects the edge reads, in lower case.
ADDRESS_FIELDS: Final = frozenset({
    "ip", "$ip", "ip_address", "ipaddress", "client_ip", "clientip", "remote_addr", "remoteaddr",
    "remote_ip", "remoteip", "user_ip", "userip", "x-forwarded-for", "x_forwarded_for",
    "x-real-ip", "x_real_ip", "cf-connecting-ip", "true-client-ip",
})  # fmt: skip
_NAMED: Final = re.compile(
    rb'"(?:' + b"|".join(re.escape(name.encode()) for name in sorted(ADDRESS_FIELDS)) + rb')"\s*:'
)
MASK: Final = b"[address]"


def may_name_address(raw: bytes) -> bool:
    """Tell whether JSON may hold one of the field names; an escape may hide any name."""
    if b"\\u" in raw:
        return True
    lower = raw.lower()
    # Most events have none of these letters; the exact search costs fifty times more.
    if b"ip" not in lower and b"addr" not in lower and b"forwarded" not in lower:
        return False
    return _NAMED.search(lower) is not None


def without_addresses(value: Any) -> Any:
    """Return the value without fields that hold addresses, at any depth."""
    if isinstance(value, dict):
        return {
            name: without_addresses(inner)
            for name, inner in value.items()
            if name.lower() not in ADDRESS_FIELDS
        }
    if isinstance(value, list):
        return [without_addresses(inner) for inner in value]
    return value


def _named_addresses(value: Any) -> Iterator[str]:
    """Yield the text of fields that hold addresses, at any depth."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name.lower() in ADDRESS_FIELDS and isinstance(inner, str):
                yield inner
            else:
                yield from _named_addresses(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _named_addresses(inner)


class AddressMask:
    """Replaces the client's own address in text, wherever the sender has put it.

    Private and loopback addresses stay: they name no person, and `http://127.0.0.1/` is a page.
    """

    __slots__ = ("_addresses",)

    def __init__(self, *addresses: str | None) -> None:
        self._addresses = tuple(address.encode() for address in set(addresses) if address)

    @property
    def first(self) -> bytes | None:
        """Return the address, if there is one."""
        return self._addresses[0] if self._addresses else None

    def hide(self, content: bytes) -> bytes:
        """Return the JSON bytes with the addresses masked; the same object if none is there."""
        for address in self._addresses:
            if address in content and _is_public(address.decode()):
                content = _whole(address).sub(MASK, content)
        return content


def masked_payload(raw: bytes, mask: AddressMask, max_bytes: int) -> str | None:
    """Return refused JSON as text without addresses, cut to size; None if it cannot be read.

    What cannot be parsed is not kept: nobody can say whether an address is in it.
    """
    try:
        sent = msgspec.json.decode(raw)
        named = AddressMask(*_named_addresses(sent))
        encoded = named.hide(mask.hide(msgspec.json.encode(without_addresses(sent))))
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return None
    return encoded[:max_bytes].decode("utf-8", "ignore")


def _whole(address: bytes) -> re.Pattern[bytes]:
    """Return the pattern of the address where it is not part of a longer one."""
    name, part = re.escape(address), rb"0-9A-Fa-f:" if b":" in address else rb"0-9"
    return re.compile(
        rb"(?<![" + part + rb"])(?<![0-9]\.)" + name + rb"(?![" + part + rb"]|\.[0-9])"
    )


def _is_public(address: str) -> bool:
    try:
        return ip_address(address).is_global
    except ValueError:
        # No address as we know them, but the sender calls it one: host names, lists.
        return len(address) >= len("1.2.3.4")
