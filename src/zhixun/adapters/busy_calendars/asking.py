"""Asks servers on the public net about calendars: within a time, up to a size, and never in our own network."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit, urlunsplit

import httpx2

from zhixun.adapters.public_net import Refused, number_of
from zhixun.features.scheduling.ports import Unreadable
from zhixun.features.scheduling.rules import Problem

CONNECT_SECONDS_MAX, WHOLE_SECONDS_MAX = 5, 10
BYTES_MAX = 10_000_000
REDIRECTS_MAX = 5
PORTS = {"https": 443, "http": 80}
MEANS = {"webcal": "https", "webcals": "https"}
PACKED = {"gzip", "x-gzip", "deflate"}
MOVED = {301, 302, 303, 307, 308}

Found = TypeVar("Found")


@dataclass(frozen=True)
class Question:
    method: str
    address: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """`body` is read of answers that say yes only; `moved_to` is an address, empty where nothing has moved."""

    status: int
    body: bytes = b""
    moved_to: str = ""


def within_time(work: Coroutine[Any, Any, Found], *, seconds: float) -> Found:
    """Do the work; every way in which the net may fail is a problem of the calendar. Raises Unreadable."""
    try:
        return asyncio.run(_timed(work, seconds))
    except Refused:
        raise Unreadable(Problem.PRIVATE) from None
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, UnicodeError):
        raise Unreadable(Problem.NO_ANSWER) from None
    except (ValueError, zlib.error):
        raise Unreadable(Problem.NO_CALENDAR) from None


async def _timed(work: Coroutine[Any, Any, Found], seconds: float) -> Found:
    async with asyncio.timeout(seconds):
        return await work


async def ask(question: Question, *, private_allowed: bool) -> Answer:
    """One question, one answer. We connect to the number that was looked at, wherever we are sent. Raises Refused,
    Unreadable, and what the net raises."""
    parts = urlsplit(question.address)
    scheme = MEANS.get(parts.scheme, parts.scheme)
    if scheme not in PORTS:
        raise Refused("neither https nor http")
    host, port = parts.hostname or "", parts.port or PORTS[scheme]
    number = await number_of(host, port, private_allowed=private_allowed)
    there = f"[{number}]" if ":" in number else number
    headers = {
        "Host": parts.netloc.rpartition("@")[2], "Accept-Encoding": "gzip", "User-Agent": f"zhixun/{version('zhixun')}",
        **question.headers,
    }  # fmt: skip
    async with (
        httpx2.AsyncClient(timeout=httpx2.Timeout(WHOLE_SECONDS_MAX, connect=CONNECT_SECONDS_MAX), trust_env=False) as client,
        client.stream(
            question.method, urlunsplit((scheme, f"{there}:{port}", parts.path or "/", parts.query, "")), headers=headers,
            content=question.body or None, extensions={"sni_hostname": host},
        ) as answer,
    ):  # fmt: skip
        if answer.status_code in MOVED and "location" in answer.headers:
            return Answer(answer.status_code, moved_to=urljoin(question.address, str(answer.headers["location"])))
        return Answer(answer.status_code, await _body(answer) if 200 <= answer.status_code < 300 else b"")


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
