"""Who takes part in the sample: names, ids and accounts, without a look at the database."""

from __future__ import annotations

from dataclasses import dataclass

from zhixun.kernel.values import Actor

from .words import Profile, id_of, profile_at, visitor_at

PASSWORD = "zhixun-demo"
NUMBERED_CLIENTS = 20
"""client01@example.com and on: accounts for checks that need many people."""
TODAYS_CLIENTS = (0, 1, 2)
"""The places of those who see the demo consultant today; what else they have is on the desk."""


@dataclass(frozen=True)
class DemoAccount:
    email: str
    role: str
    name: str
    language: str = "zh"
    zone: str = "Asia/Shanghai"
    desk_roles: tuple[str, ...] = ()


def _numbered(place: int) -> DemoAccount:
    visitor = visitor_at(place)
    return DemoAccount(client_email(place), "client", visitor.name, visitor.language, visitor.zone)


def client_email(place: int) -> str:
    if place < NUMBERED_CLIENTS:
        return f"client{place + 1:02}@example.com"
    return f"client{place + 1:03}@sample.example.com"


DEMO_ACCOUNTS = (
    DemoAccount("client@example.com", "client", "许知夏"),
    DemoAccount("consultant@example.com", "consultant", "陈书宁"),
    DemoAccount("reviewer@example.com", "reviewer", "江临"),
    DemoAccount("operator@example.com", "operator", "岳明", desk_roles=("administrator",)),
    DemoAccount("finance@example.com", "operator", "沈度", desk_roles=("finance",)),
    DemoAccount("reviewer2@example.com", "reviewer", "Miriam Holt", "en", "Europe/London"),
    DemoAccount("reviewer3@example.com", "reviewer", "闻一舟"),
    *(_numbered(place) for place in range(NUMBERED_CLIENTS)),
)
EXPERTS = tuple(
    Actor(id_of("account", one.email), frozenset({"reviewer"}), one.name, one.zone, one.language)
    for one in DEMO_ACCOUNTS
    if one.role == "reviewer"
)
DESK = Actor(id_of("account", "operator@example.com"), frozenset({"operator", "administrator"}), "岳明")
DEMO_CLIENT = Actor(id_of("account", "client@example.com"), frozenset({"client"}), "许知夏")


@dataclass(frozen=True)
class Consulting:
    """A sample consultant who stands in the catalogue."""

    place: int
    profile: Profile
    actor: Actor

    @property
    def service_ids(self) -> tuple[str, ...]:
        return tuple(service_id_of(self.profile.slug, number) for number in range(len(self.profile.services)))


def consultant_id_of(place: int) -> str:
    return id_of("consultant", profile_at(place).slug)


def service_id_of(slug: str, number: int) -> str:
    return id_of("service", slug, number)


def client_at(place: int) -> Actor:
    visitor = visitor_at(place)
    user_id = id_of("account", client_email(place))
    return Actor(user_id, frozenset({"client"}), visitor.name, visitor.zone, visitor.language)


def consultant_at(place: int) -> Consulting:
    profile = profile_at(place)
    language = "zh" if "zh" in profile.languages else "en"
    name = profile.name.in_language(language)
    actor = Actor(consultant_id_of(place), frozenset({"consultant"}), name, profile.zone, language)
    return Consulting(place, profile, actor)
