"""A fact: something that has happened, in the past tense, made of ids, numbers and words."""

from dataclasses import dataclass, field

from .values import new_id


@dataclass(frozen=True, kw_only=True)
class Event:
    """Fields are str, int, bool or None only, so that a fact survives JSON. Events only ever gain fields."""

    event_id: str = field(default_factory=new_id)
