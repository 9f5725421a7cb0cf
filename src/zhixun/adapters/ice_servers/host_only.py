"""No relay: browsers reach each other directly. Enough within one network, and where no firewall stands between."""

from datetime import datetime

from zhixun.features.calls.ports import IceServer


class HostOnly:
    relay_only = False

    def __init__(self, stun_urls: tuple[str, ...] = ()) -> None:
        self._stun_urls = stun_urls

    def for_person(self, user_id: str, now: datetime) -> list[IceServer]:
        return [IceServer(self._stun_urls)] if self._stun_urls else []
