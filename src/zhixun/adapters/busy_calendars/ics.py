"""Reads calendars that are published at an address, from the public net only."""

from __future__ import annotations

import asyncio
import zlib
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from urllib.parse import urljoin, urlsplit, urlunsplit

import httpx2

from zhixun.adapters.public_net import Refused, number_of
from zhixun.features.scheduling.ports import Source, Unreadable
from zhixun.features.scheduling.rules import Problem, Stretch

from .unfolding import busy_times

CONNECT_SECONDS_MAX, WHOLE_SECONDS_MAX = 5, 10
BYTES_MAX = 10_000_000
REDIRECTS_MAX = 5
PORTS = {"https": 443, "http": 80}
MEANS = {"webcal": "https", "webcals": "https"}
PACKED = {"gzip", "x-gzip", "deflate"}
MOVED = {301, 302, 303, 307, 308}
SECRET, GONE = {401, 403, 407}, {404, 410}


@dataclass(frozen=True)
class IcsAddresses:
    private_allowed: bool = False

    def read(self, source: Source, *, from_: datetime, until: datetime) -> list[Stretch]:
        try:
            text = asyncio.run(self._within_time(source.address))
        except Refused:
            raise Unreadable(Problem.PRIVATE) from None
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, UnicodeError):
            raise Unreadable(Problem.NO_ANSWER) from None
        except (ValueError, zlib.error):
            raise Unreadable(Problem.NO_CALENDAR) from None
        return busy_times(text, zone=source.zone, from_=from_, until=until)

    async def _within_time(self, address: str) -> bytes:
        async with asyncio.timeout(WHOLE_SECONDS_MAX):
            for _ in range(REDIRECTS_MAX + 1):
                found = await self._try(address)
                if isinstance(found, bytes):
                    return found
                address = urljoin(address, found)
        raise Unreadable(Problem.GONE)

    async def _try(self, address: str) -> bytes | str:
        """The file, or where it has moved to. We connect to the number that was looked at, wherever we are sent."""
        parts = urlsplit(address)
        scheme = MEANS.get(parts.scheme, parts.scheme)
        if scheme not in PORTS:
            raise Refused("neither https nor http")
        host, port = parts.hostname or "", parts.port or PORTS[scheme]
        number = await number_of(host, port, private_allowed=self.private_allowed)
        there = f"[{number}]" if ":" in number else number
        netloc = parts.netloc.rpartition("@")[2]
        headers = {
            "Host": netloc, "Accept": "text/calendar, */*;q=0.5", "Accept-Encoding": "gzip",
            "User-Agent": f"zhixun/{version('zhixun')}",
        }  # fmt: skip
        async with (
            httpx2.AsyncClient(timeout=httpx2.Timeout(WHOLE_SECONDS_MAX, connect=CONNECT_SECONDS_MAX), trust_env=False) as client,
            client.stream(
                "GET", urlunsplit((scheme, f"{there}:{port}", parts.path or "/", parts.query, "")), headers=headers,
                extensions={"sni_hostname": host},
            ) as answer,
        ):  # fmt: skip
            if answer.status_code in MOVED and "location" in answer.headers:
                return str(answer.headers["location"])
            _check_status(answer.status_code)
            return await _body(answer)


def _check_status(status: int) -> None:
    if status == 200:
        return
    raise Unreadable(Problem.SECRET if status in SECRET else Problem.GONE if status in GONE else Problem.THEIR_FAULT)


async def _body(answer: httpx2.Response) -> bytes:
    """The file, unpacked by ourselves: a small packed one may be larger than any memory."""
    packed = answer.headers.get("content-encoding", "identity").lower()
    unpack = zlib.decompressobj(wbits=47) if packed in PACKED else None
    if unpack is None and packed != "identity":
        raise Unreadable(Problem.NO_CALENDAR)
    text = bytearray()
    async for chunk in answer.aiter_raw():
        text += unpack.decompress(chunk, BYTES_MAX + 1 - len(text)) if unpack else chunk
        if len(text) > BYTES_MAX:
            raise Unreadable(Problem.TOO_LARGE)
    return bytes(text)
