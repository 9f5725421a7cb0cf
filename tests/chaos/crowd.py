"""People who book, pay, ask at once and answer without pause, and remember exactly what they were told."""

from __future__ import annotations

import random
import threading
import time
import uuid
from abc import abstractmethod
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

PASSWORD = "zhixun-demo"
SECONDS_MAX = 10
RINGS_WITHIN_SECONDS = 60
SESSIONS = 2
QUESTION = "My landlord changed the lock this morning. What now?"
GROUPS_MAX = 6
"""How many group sessions one host sets; seats are cheaper than times."""


@dataclass
class Told:
    """What the server has acknowledged. Only the acknowledged may not be lost."""

    booked: set[str] = field(default_factory=set)
    """Bookings, sessions of a series and seats alike."""
    paid: set[str] = field(default_factory=set)
    cancelled: set[str] = field(default_factory=set)
    series: set[str] = field(default_factory=set)
    """Of `paid`: the sessions of a series; they stand or fall together until they are paid."""
    seats: set[str] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)
    rung: set[str] = field(default_factory=set)
    """Calls that were asked and paid for."""
    taken_back: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    refused: int = 0
    broken: list[str] = field(default_factory=list)
    """Answers that are neither a success nor an expected refusal nor a lost connection."""

    def add(self, other: Told) -> None:
        for one in fields(self):
            mine, more = getattr(self, one.name), getattr(other, one.name)
            setattr(self, one.name, mine | more if isinstance(mine, set) else mine + more)


class Person(threading.Thread):
    """Someone with a program, who presses again where the house is down, as a person would."""

    def __init__(self, address: str, email: str, seed: int, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.told = Told()
        self._address, self._email, self._stop_asked = address, email, stop
        self._chance = random.Random(seed)
        self._signed_in = False
        self._http = httpx2.Client(base_url=f"{address}/api/v1", timeout=SECONDS_MAX, trust_env=False)

    def run(self) -> None:
        while not self._stop_asked.is_set():
            try:
                if self._signed_in or self._arrives():
                    self._one_round()
                else:
                    time.sleep(0.05)
            except httpx2.HTTPError:
                time.sleep(0.05)  # the house is down

    @abstractmethod
    def _one_round(self) -> None: ...

    def _arrives(self) -> bool:
        answer = self._http.post("/tokens", json={"email": self._email, "password": PASSWORD})
        if answer.status_code in (200, 201):
            self._http.headers["Authorization"] = f"Bearer {answer.json()['token']}"
            self._signed_in = True
        return self._signed_in

    def _items(self, path: str, **asked: str) -> list[dict[str, Any]]:
        answer = self._http.get(path, params=asked)
        return list(answer.json().get("items", [])) if answer.status_code == 200 else []

    def _tell(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any] | None:
        """Post until somebody answers: the same key again after a lost answer, as a careful program would."""
        key = uuid.uuid4().hex
        while not self._stop_asked.is_set():
            try:
                answer = self._http.post(path, json=body or {}, headers={"Idempotency-Key": key})
            except httpx2.HTTPError:
                time.sleep(0.05)
                continue
            if answer.status_code < 300:
                return dict(answer.json())
            if answer.status_code >= 500:
                time.sleep(0.05)  # the database is down: nothing is half done, so the same again
                continue
            if answer.status_code == 409 and answer.json().get("code") == "in_progress":
                time.sleep(0.05)
                continue
            self.told.refused += 1
            if answer.status_code not in (404, 409):
                self.told.broken.append(f"{path}: {answer.status_code} {answer.text[:200]}")
            return None
        return None

    def _pays(self, payment: dict[str, Any]) -> bool:
        return self._tell(f"/payments/{payment['id']}/sandbox", {"outcome": "pay"}) is not None

    def _may(self, share: float) -> bool:
        return self._chance.random() < share


class Client(Person):
    """Books mostly; now and then a series, a seat, or whoever is there at once."""

    _people: list[dict[str, Any]] = []

    def _one_round(self) -> None:
        self._people = self._people or [one for one in self._items("/consultants") if one.get("services")]
        if not self._people:
            time.sleep(0.05)
            return
        deeds = (self._books, self._books, self._books, self._books_series, self._takes_seat, self._asks_now)
        self._chance.choice(deeds)(self._chance.choice(self._people))

    def _books(self, someone: dict[str, Any]) -> None:
        service, start = self._some_time(someone)
        if start and (made := self._tell("/bookings", {"service_id": service, "start": start})):
            self._stands([made["id"]], made["payment"])
            self._perhaps_cancels(made["id"])

    def _books_series(self, someone: dict[str, Any]) -> None:
        service, start = self._some_time(someone)
        wish = {"service_id": service, "start": start, "sessions": SESSIONS}
        if start and (made := self._tell("/series", wish)):
            ids = [one["booking_id"] for one in made["bookings"]]
            if self._stands(ids, made["payment"]):
                self.told.series |= set(ids)
            self._perhaps_cancels(self._chance.choice(ids))

    def _takes_seat(self, someone: dict[str, Any]) -> None:
        groups = [one for one in self._items(f"/consultants/{someone['id']}/groups") if one["seats_left"]]
        if groups and (made := self._tell(f"/groups/{self._chance.choice(groups)['id']}/seats")):
            if self._stands([made["id"]], made["payment"]):
                self.told.seats.add(made["id"])
            self._perhaps_cancels(made["id"])

    def _asks_now(self, someone: dict[str, Any]) -> None:
        service = self._chance.choice(someone["services"])
        wish = {
            "question": QUESTION, "field": someone["field"], "channel": service["channel"], "minutes": service["minutes"],
        }  # fmt: skip
        made = self._tell("/instant/calls", wish)
        if made is None:
            return
        if self._pays(made["payment"]):
            self.told.rung.add(made["id"])
            self._waits_until_it_rings(made["id"])
        time.sleep(self._chance.uniform(0, 4))
        # Sooner or later everyone takes it back, so that nobody waits ten minutes; some have been answered by then.
        if (gone := self._tell(f"/instant/calls/{made['id']}/withdrawal")) and gone["state"] == "withdrawn":
            self.told.taken_back.add(made["id"])

    def _waits_until_it_rings(self, call_id: str) -> None:
        """Money is told of after whatever was told before it, and the house may be down meanwhile."""
        until = time.monotonic() + RINGS_WITHIN_SECONDS
        while time.monotonic() < until and not self._stop_asked.is_set():
            try:
                answer = self._http.get(f"/instant/calls/{call_id}")
            except httpx2.HTTPError:
                answer = None
            if answer is not None and answer.status_code == 200 and answer.json()["state"] != "unpaid":
                return
            time.sleep(0.3)

    def _stands(self, ids: list[str], payment: dict[str, Any]) -> bool:
        self.told.booked |= set(ids)
        if paid := self._pays(payment):
            self.told.paid |= set(ids)
        return paid

    def _perhaps_cancels(self, booking_id: str) -> None:
        if self._may(0.5) and self._tell(f"/bookings/{booking_id}/cancellation"):
            self.told.cancelled.add(booking_id)

    def _some_time(self, someone: dict[str, Any]) -> tuple[str, str | None]:
        service = self._chance.choice(someone["services"])["id"]
        day = datetime.now(UTC) + timedelta(days=self._chance.randint(1, 12))
        slots = self._items(f"/services/{service}/slots", **{"from": _z(day), "until": _z(day + timedelta(days=2))})
        return service, self._chance.choice(slots)["start"] if slots else None


class Host(Person):
    """A consultant who is there for instant questions, answers some and passes others, and sets group sessions."""

    def _one_round(self) -> None:
        if len(self.told.groups) < GROUPS_MAX:
            self._sets_group()
        self._tell("/me/availability-now", {"until": _z(datetime.now(UTC) + timedelta(hours=2))})
        for call_id in [one["id"] for one in self._items("/instant/rings") if not one["passed"]]:
            if self._may(0.3):
                self._tell(f"/instant/calls/{call_id}/passing")
            elif self._tell(f"/instant/calls/{call_id}/acceptance"):
                self.told.answered.add(call_id)
        time.sleep(0.2)

    def _sets_group(self) -> None:
        start = datetime.now(UTC).replace(minute=0) + timedelta(
            days=self._chance.randint(2, 12), hours=self._chance.randint(0, 23)
        )
        wish = {
            "title": "Together, for once",
            "start": _z(start.replace(second=0)),
            "price_minor": 9_900,
            "seats": 3,
            "seats_min": 1,
        }
        if made := self._tell("/groups", wish):
            self.told.groups.add(made["id"])


def _z(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
