"""What the sample people are called, offer and say, read from the files in `data/`. Everybody here is invented."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources
from random import Random
from typing import Any

from zhixun.features.scheduling.rules import WEEKDAYS, WeeklyHours
from zhixun.kernel.values import Money, Words

FIELDS = ("legal", "health", "education", "career")
"""The order in which consultants of the fields take turns, so that any number of them covers all four."""
WORKDAYS = WEEKDAYS[:5]
HOURS: Mapping[str, tuple[WeeklyHours, ...]] = {
    "demo": (WeeklyHours(WEEKDAYS, "07:00", "24:00"),),
    "wide": (WeeklyHours(WEEKDAYS, "08:00", "23:00"),),
    "office": (WeeklyHours(WORKDAYS, "09:00", "12:00"), WeeklyHours(WORKDAYS, "14:00", "18:30")),
    "evenings": (WeeklyHours(WORKDAYS, "19:00", "22:30"), WeeklyHours(("SA", "SU"), "10:00", "18:00")),
    "late": (WeeklyHours(WEEKDAYS, "14:00", "24:00"),),
    "night": (WeeklyHours(WEEKDAYS, "20:00", "02:00"),),
    "early": (WeeklyHours(WEEKDAYS, "06:00", "11:00"), WeeklyHours(("TU", "TH"), "20:00", "22:00")),
    "weekends": (WeeklyHours(("SA", "SU"), "09:00", "21:00"), WeeklyHours(("WE",), "19:00", "22:00")),
    "clinic": (
        WeeklyHours(("MO", "WE", "FR"), "18:30", "21:30"),
        WeeklyHours(("TU", "TH"), "12:00", "14:00"),
        WeeklyHours(("SA",), "09:00", "12:00"),
    ),
    "abroad": (
        WeeklyHours(WORKDAYS, "08:00", "12:00"),
        WeeklyHours(WORKDAYS, "17:00", "21:00"),
        WeeklyHours(("SA",), "09:00", "17:00"),
    ),
}


@dataclass(frozen=True)
class CredentialText:
    name: Words
    how: Words
    number: str
    years: int | None
    """How long it holds after the check; None for what does not expire."""


@dataclass(frozen=True)
class ServiceText:
    channel: str
    minutes: int
    price: Money
    title: Words
    note: Words
    included: tuple[Words, ...]


@dataclass(frozen=True)
class Profile:
    """One consultant as written. `level` is the satisfaction their sessions tend to, 1 to 5."""

    slug: str
    field_id: str
    gender: str
    name: Words
    title: Words
    line: Words
    about: Words
    city: Words
    zone: str
    hours: str
    languages: tuple[str, ...]
    years: int
    seniority: str
    topic_ids: tuple[str, ...]
    good_for: tuple[Words, ...]
    not_for: tuple[Words, ...]
    credentials: tuple[CredentialText, ...]
    services: tuple[ServiceText, ...]
    level: float
    newcomer: bool


@dataclass(frozen=True)
class Visitor:
    """A client as written."""

    name: str
    language: str
    zone: str


def id_of(*parts: object) -> str:
    """The same id for the same parts, at every run: so that filling twice fills once."""
    return hashlib.sha256(":".join(["sample", *map(str, parts)]).encode()).hexdigest()[:32]


def profile_at(place: int) -> Profile:
    """The consultant at this place. After the written ones come namesakes of theirs with a new name and address."""
    written = profiles()
    if place < len(written):
        return written[place]
    original, random = written[place % len(written)], Random(f"consultant:{place}")
    surname, given = _chinese_name(random, original.gender)
    return replace(
        original,
        slug=f"{_ascii(given[1])}-{_ascii(surname[1])}-{place}",
        name=Words(surname[0] + given[0], f"{surname[1]} {given[1]}"),
        years=max(1, original.years + random.randint(-3, 3)),
        level=round(min(4.9, max(3.4, random.gauss(4.55, 0.25))), 2),
        services=tuple(
            replace(one, price=Money(one.price.amount_minor * random.randint(7, 13) // 1_000 * 100))
            for one in original.services
        ),
    )


@lru_cache(maxsize=1)
def profiles() -> tuple[Profile, ...]:
    """The written consultants, the fields taking turns; the first is the one the demo account belongs to."""
    by_field = [[_profile(field_id, one) for one in _data(f"consultants_{field_id}")] for field_id in FIELDS]
    return tuple(one for turn in zip(*by_field, strict=True) for one in turn)


@lru_cache(maxsize=4_096)
def visitor_at(place: int) -> Visitor:
    """The client at this place; about one in five prefers English."""
    names, random = talk_of("names"), Random(f"client:{place}")
    language = "en" if random.random() < 0.2 else "zh"
    zone = random.choice(names["zones"][language])
    if language == "en":
        return Visitor(f"{random.choice(names['first'])} {random.choice(names['last'])}", language, zone)
    surname, given = _chinese_name(random, random.choice("fm"))
    return Visitor(surname[0] + given[0], language, zone)


def brief_of(topic_id: str, language: str) -> str:
    return Words(*talk_of("talk")["brief"][topic_id]).in_language(language)


def lines_before(random: Random, language: str) -> list[tuple[str, str]]:
    """What is written between booking and session: (who, text), from the client and an answer."""
    before = talk_of("talk")["before"]
    place = random.randrange(len(before["client"][language]))
    return [(who, before[who][language][place]) for who in ("client", "consultant")]


def lines_during(field_id: str, language: str, pairs: int) -> list[tuple[str, str]]:
    told: Sequence[Sequence[str]] = talk_of("talk")["during"][field_id][language][:pairs]
    return [(who, text) for pair in told for who, text in zip(("client", "consultant"), pair, strict=True)]


def lines_after(random: Random, language: str) -> list[tuple[str, str]]:
    after = talk_of("talk")["after"]
    return [(who, random.choice(after[who][language])) for who in ("consultant", "client")]


def review(slug: str, number: int, *, field_id: str, topic_id: str, mood: str, language: str) -> str:
    """The words of a consultant's feedback with this number, about this topic. `mood`: good, mixed or bad.

    Each consultant's numbers walk through the fitting texts in an order of their own, so that few come twice.
    """
    texts = talk_of("feedback")
    fitting = [one[language] for one in texts[field_id][mood] if topic_id in one.get("topics", (topic_id,))]
    Random(f"reviews:{slug}").shuffle(fitting)
    said: str = fitting[number % len(fitting)]
    if mood == "good" and number % 3 == 0:
        closing = texts["closing"][language]
        said += ("" if language == "zh" else " ") + closing[number // 3 % len(closing)]
    return said


@lru_cache(maxsize=16)
def talk_of(name: str) -> dict[str, Any]:
    read: dict[str, Any] = _data(name)
    return read


def _data(name: str) -> Any:
    return json.loads(resources.files(__package__).joinpath("data", f"{name}.json").read_text("utf-8"))


def _profile(field_id: str, one: Mapping[str, Any]) -> Profile:
    random = Random(f"profile:{one['slug']}")
    return Profile(
        slug=one["slug"],
        field_id=field_id,
        gender=one["gender"],
        name=Words(*one["name"]),
        title=Words(*one["title"]),
        line=Words(*one["line"]),
        about=Words(*one["about"]),
        city=Words(*one["city"]),
        zone=one.get("zone", "Asia/Shanghai"),
        hours=one["hours"],
        languages=tuple(one["languages"]),
        years=one["years"],
        seniority=one["seniority"],
        topic_ids=tuple(one["topics"]),
        good_for=_all_words(one["good_for"]),
        not_for=_all_words(one["not_for"]),
        credentials=tuple(_credential(random, *given) for given in one["credentials"]),
        services=tuple(_service(field_id, *given) for given in one["services"]),
        level=one["level"],
        newcomer=one.get("newcomer", False),
    )


def _credential(random: Random, kind: str, *name: str) -> CredentialText:
    known = talk_of("credentials")[kind]
    number = known["number"]
    for length in range(2, 7):
        while f"{{{length}}}" in number:
            number = number.replace(f"{{{length}}}", "".join(random.choices("0123456789", k=length)), 1)
    return CredentialText(Words(*(name or known["name"])), Words(*known["how"]), number, known["years"])


def _service(field_id: str, kind: str, channel: str, minutes: int, price_yuan: int) -> ServiceText:
    known = talk_of("services")[f"{field_id}/{kind}"]
    return ServiceText(
        channel, minutes, Money(price_yuan * 100), Words(*known["title"]), Words(*known["note"]),
        _all_words(known["included"]),
    )  # fmt: skip


def _all_words(pairs: Sequence[Sequence[str]]) -> tuple[Words, ...]:
    return tuple(Words(*pair) for pair in pairs)


def _chinese_name(random: Random, gender: str) -> tuple[list[str], list[str]]:
    names = talk_of("names")
    return random.choice(names["surnames"]), random.choice(names["given"][gender])


def _ascii(name: str) -> str:
    return name.lower().replace("ü", "u")
