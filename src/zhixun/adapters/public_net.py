"""Where we connect to when somebody gave us an address: the very number that was looked at, never a private one."""

from __future__ import annotations

import asyncio
import socket

from zhixun.kernel.addresses import is_public


class Refused(Exception):
    """We do not speak to this address."""


async def number_of(host: str, port: int, *, private_allowed: bool) -> str:
    """The IP address to connect to. The name is asked once: asked a second time, it might give a number of our own
    network. Raises Refused where it leads nowhere or into a private network, OSError, UnicodeError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    numbers = [str(address[0]) for *_, address in found]
    if not numbers:
        raise Refused("the name leads nowhere")
    if not private_allowed and not all(is_public(number) for number in numbers):
        raise Refused("the name leads into a private network")
    return numbers[0]
