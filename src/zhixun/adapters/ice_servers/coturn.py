"""A relay of yours (coturn with --use-auth-secret): credentials that end by themselves, made without asking it.

The form is the one TURN servers agree on (draft-uberti-behave-turn-rest): the user name is the time it ends and who it
is for, the password its HMAC-SHA1 under the secret the two servers share.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta

from zhixun.features.calls.ports import IceServer

LASTS = timedelta(hours=6)
"""Longer than any session: the relay asks again whenever an allocation is renewed."""


class Coturn:
    def __init__(
        self, *, turn_urls: tuple[str, ...], secret: str, stun_urls: tuple[str, ...] = (), relay_only: bool = False
    ) -> None:
        self._turn_urls, self._secret, self._stun_urls = turn_urls, secret, stun_urls
        self.relay_only = relay_only

    def for_person(self, user_id: str, now: datetime) -> list[IceServer]:
        username = f"{int((now + LASTS).timestamp())}:{user_id}"
        seal = hmac.new(self._secret.encode(), username.encode(), hashlib.sha1).digest()
        relay = IceServer(self._turn_urls, username, base64.b64encode(seal).decode())
        return [IceServer(self._stun_urls), relay] if self._stun_urls else [relay]
