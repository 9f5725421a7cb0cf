"""People who book and pay without pause, and remember exactly what they were told."""

from __future__ import annotations

import random
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

PASSWORD = "zhixun-demo"
SECONDS_MAX = 10


@dataclass
class Told:
    """What the server has acknowledged. Only the acknowledged may not be lost."""

    booked: set[str] = field(default_factory=set)
    paid: set[str] = field(default_factory=set)
    cancelled: set[str] = field(default_factory=set)
    refused: int = 0
    broken: list[str] = field(default_factory=list)
    """Answers that are neither a success nor an expected refusal nor a lost connection."""


class Client(threading.Thread):
    def __init__(self, address: str, email: str, seed: int, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.told = Told()
        self._address, self._email, self._stop_asked = address, email, stop
        self._chance = random.Random(seed)
        self._services: list[str] = []
        self._http = httpx2.Client(base_url=f"{address}/api/v1", timeout=SECONDS_MAX, trust_env=False)

    def run(self) -> None:
        while not self._stop_asked.is_set():
            try:
                self._one_round()
            except httpx2.HTTPError:
                time.sleep(0.05)  # the house is down; a person would press again

    def _one_round(self) -> None:
        if not self._services:
            self._arrive()
        if not self._services:
            time.sleep(0.05)
            return
        service = self._chance.choice(self._services)
        start = self._some_start(service)
        if start is None:
            return
        key = uuid.uuid4().hex
        made = self._tell("/bookings", {"service_id": service, "start": start}, key)
        if made is None:
            return
        self.told.booked.add(made["id"])
        paid = self._tell(f"/payments/{made['payment']['id']}/sandbox", {"outcome": "pay"}, uuid.uuid4().hex)
        if paid is not None:
            self.told.paid.add(made["id"])
        if self._chance.random() < 0.5 and self._tell(f"/bookings/{made['id']}/cancellation", {}, uuid.uuid4().hex):
            self.told.cancelled.add(made["id"])

    def _arrive(self) -> None:
        answer = self._http.post("/tokens", json={"email": self._email, "password": PASSWORD})
        if answer.status_code not in (200, 201):
            return
        self._http.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        shown = self._http.get("/consultants")
        people = shown.json()["items"] if shown.status_code == 200 else []
        self._services = [service["id"] for one in people for service in one.get("services", [])]

    def _some_start(self, service: str) -> str | None:
        day = datetime.now(UTC) + timedelta(days=self._chance.randint(1, 12))
        asked = {"from": _z(day), "until": _z(day + timedelta(days=2))}
        answer = self._http.get(f"/services/{service}/slots", params=asked)
        slots = answer.json().get("items", []) if answer.status_code == 200 else []
        return self._chance.choice(slots)["start"] if slots else None

    def _tell(self, path: str, body: dict[str, Any], key: str) -> dict[str, Any] | None:
        """Post until somebody answers: the same key again after a lost answer, as a careful program would."""
        while not self._stop_asked.is_set():
            try:
                answer = self._http.post(path, json=body, headers={"Idempotency-Key": key})
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


def _z(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
