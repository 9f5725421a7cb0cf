"""Which addresses lie on the public net: the only ones we speak to on behalf of somebody."""

from __future__ import annotations

import ipaddress

OWN_NAMES = {"localhost", "local", "internal", "lan", "home", "arpa"}


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
    inner = getattr(address, "ipv4_mapped", None)
    found = inner or address
    return found.is_global and not found.is_multicast
