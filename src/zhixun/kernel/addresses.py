"""Which addresses lie on the public net: the only ones we speak to on behalf of somebody."""

from __future__ import annotations

import ipaddress

OWN_NAMES = {"localhost", "local", "internal", "lan", "home", "arpa"}
NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""What a network without IPv4 makes of an IPv4 address (RFC 6052)."""


def is_public_name(host: str) -> bool:
    """Whether a host's name or number may lie on the public net."""
    try:
        return is_public(host)
    except ValueError:
        last = host.rstrip(".").rpartition(".")
        return bool(last[0]) and last[2].lower() not in OWN_NAMES


def is_public(number: str) -> bool:
    """Whether an IP address is one of the public net. Raises ValueError for anything else than an IP address."""
    address = ipaddress.ip_address(number)
    found = (_within(address) or address) if isinstance(address, ipaddress.IPv6Address) else address
    return found.is_global and not found.is_multicast and not found.is_reserved


def _within(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that a packet to this one goes on to: those are carried to private networks too."""
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
