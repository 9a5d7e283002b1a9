"""Read the addresses of clients, as sockets, proxies and people write them."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

_MAPPED: Final = b"\0" * 10 + b"\xff\xff"
# One customer of a provider has at least a /64; each device in it changes its address daily.
_NETWORK_BYTES: Final = 8
_LOCAL: Final = ("127.", "10.", "192.168.", "169.254.", "::ffff:127.", "::ffff:10.")


def parse_address(address: str | None) -> IPv4Address | IPv6Address | None:
    """Return the address; an IPv4 one in IPv6 clothes is taken out of them; None if it is none."""
    try:
        parsed = ip_address(address) if address else None
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        return parsed.ipv4_mapped
    return parsed


def without_port(text: str) -> str:
    """Return the address in what a proxy writes: 1.2.3.4:567, [2001:db8::1]:567 or bare."""
    text = text.strip()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


def is_local(address: str) -> bool:
    """Tell whether it is plainly an address of this machine or a private network.

    A quick look that misses some kinds: what it does not know may be public or not.
    """
    return address.startswith(_LOCAL)


def is_public(address: str | None) -> bool:
    """Tell whether it is an address that anybody on the internet can have."""
    parsed = parse_address(address)
    return parsed is not None and parsed.is_global


def network_of(address: str | None) -> bytes | None:
    """Return what stands for one client: its IPv4 address, or the /64 of its IPv6 address.

    An IPv4 address in IPv6 clothes (::ffff:1.2.3.4) is that IPv4 address; None for no address.
    """
    if not address:
        return None
    try:
        if ":" not in address:
            return socket.inet_pton(socket.AF_INET, address)
        packed = socket.inet_pton(socket.AF_INET6, address)
    except (OSError, ValueError):
        return None
    return packed[12:] if packed.startswith(_MAPPED) else packed[:_NETWORK_BYTES]
