"""Tells other programs over HTTP, to addresses of the public net only."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from dataclasses import dataclass
from importlib.metadata import version
from urllib.parse import urlsplit, urlunsplit

import httpx2

from zhixun.adapters.public_net import Refused, number_of
from zhixun.features.webhooks import rules
from zhixun.features.webhooks.ports import Outcome, Parcel

CONNECT_SECONDS_MAX, ANSWER_SECONDS_MAX, WHOLE_SECONDS_MAX = 5, 10, 20
PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True)
class HttpSender:
    house_key: str
    """Every address's signing secret is derived from it; none is stored."""
    private_allowed: bool = False

    def secret(self, endpoint_id: str, version: int) -> str:
        return "whsec_" + base64.b64encode(self._secret(endpoint_id, version)).decode()

    def send(self, parcel: Parcel) -> Outcome:
        try:
            return asyncio.run(self._within_time(parcel))
        except TimeoutError:
            return Outcome(None, f"no answer within {WHOLE_SECONDS_MAX} s")
        except Refused as refusal:
            return Outcome(None, str(refusal))
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, UnicodeError) as failure:
            return Outcome(None, f"{type(failure).__name__}: {failure}")

    async def _within_time(self, parcel: Parcel) -> Outcome:
        async with asyncio.timeout(WHOLE_SECONDS_MAX):
            return await self._try(parcel)

    async def _try(self, parcel: Parcel) -> Outcome:
        """The name is resolved once and the number it gave is what we connect to: asked a second time, it might give a
        number of our own network."""
        parts = urlsplit(parcel.url)
        host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        number = await number_of(host, port, private_allowed=self.private_allowed)
        there = f"[{number}]" if ":" in number else number
        address = urlunsplit((parts.scheme, f"{there}:{port}", parts.path or "/", parts.query, ""))
        timeout = httpx2.Timeout(ANSWER_SECONDS_MAX, connect=CONNECT_SECONDS_MAX)
        async with (
            httpx2.AsyncClient(timeout=timeout, trust_env=False) as client,
            client.stream(
                "POST", address, content=parcel.body.encode(), headers=self._headers(parcel, parts.netloc),
                extensions={"sni_hostname": host},
            ) as answer,
        ):  # fmt: skip
            return Outcome(answer.status_code)

    def _headers(self, parcel: Parcel, netloc: str) -> dict[str, str]:
        timestamp = int(parcel.at.timestamp())
        signature = rules.signature(
            self._secret(parcel.endpoint_id, parcel.secret_version), delivery_id=parcel.delivery_id,
            timestamp=timestamp, body=parcel.body,
        )  # fmt: skip
        return {
            "Host": netloc,
            "Content-Type": "application/json",
            "User-Agent": f"zhixun/{version('zhixun')}",
            "webhook-id": parcel.delivery_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature,
        }

    def _secret(self, endpoint_id: str, version: int) -> bytes:
        return hmac.digest(self.house_key.encode(), f"webhook:{endpoint_id}:{version}".encode(), hashlib.sha256)
