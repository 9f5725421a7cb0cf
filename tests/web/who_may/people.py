"""The kinds of people there are, and the words by which `addresses.txt` names several of them at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests import make
from zhixun.features.accounts.rules import RIGHTS, may
from zhixun.features.catalog import actions as catalog
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor

DESK = {
    "support": "support", "finance": "finance", "content": "content", "privacy": "privacy_officer", "boss": "administrator",
}  # fmt: skip
STRANGERS = ("nobody", "other_client", "other_consultant")
"""Nothing in the house is theirs, and nobody gave them a right."""
PARTIES = ("client", "consultant")
"""Everything in the house is between these two."""


@dataclass(frozen=True)
class People:
    actors: Mapping[str, Actor | None]
    grace: make.ConsultantMade

    def __getitem__(self, kind: str) -> Actor:
        found = self.actors[kind]
        assert found is not None
        return found

    def named(self, word: str) -> frozenset[str]:
        """The kinds of people a word of `addresses.txt` stands for: a kind, a group, or a right at the desk."""
        kinds = list(self.actors)
        groups = {
            "-": (), "everyone": kinds, "signed_in": kinds[1:], "parties": PARTIES, "desk": DESK,
            "consultants": ("consultant", "other_consultant"),
        }  # fmt: skip
        if word in groups:
            return frozenset(groups[word])
        if word in RIGHTS:
            return frozenset(kind for kind, who in self.actors.items() if who and may(who, word))
        assert word in kinds, f"addresses.txt says {word}, which is nobody"
        return frozenset({word})


def people() -> People:
    """One of each kind. "client" and "consultant" are the two between whom everything in the house is."""
    with unit_of_work(now=make.NOW) as uow:
        grace = make.consultant(uow, hours=make.AROUND_THE_CLOCK)
        actors: dict[str, Actor | None] = {
            "nobody": None,
            "client": make.client(uow),
            "other_client": make.client(uow, "Carl"),
            "consultant": grace.actor,
            "other_consultant": make.consultant(uow, "Hopper").actor,
            "reviewer": make.person(uow, "Rosa", roles=("client", "reviewer")),
            **{kind: make.operator(uow, kind.title(), role=role) for kind, role in DESK.items()},
        }
        catalog.put_house_fields(uow)
    return People(actors, grace)
