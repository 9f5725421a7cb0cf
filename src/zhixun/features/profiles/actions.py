from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from zhixun.events.profiles import ProfileChanged
from zhixun.features.behaviour import actions as behaviour
from zhixun.features.behaviour.rules import Interaction
from zhixun.features.catalog import queries as catalog
from zhixun.features.catalog.rules import CHANNELS
from zhixun.kernel.errors import N_, Invalid, NotFound, TooMany
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import LANGUAGES, is_id, new_id

from .models import Correction, Model, Profile, Saved, SegmentName
from .rules import HOURS, LABEL_PREFIXES, Habits, Interest, Learnt

MODELS_KEPT = 5
CORRECTIONS_MAX = 200
SAVED_MAX = 200
LABEL_LENGTH_MAX = 80
CHOICES: Mapping[str, tuple[str, ...]] = {"channel": CHANNELS, "hours": HOURS, "language": LANGUAGES}


def keep_profile(uow: UnitOfWork, *, user_id: str, interest: Interest, habits: Habits, segment: str) -> None:
    """Store what was worked out of a person, in place of what was known before. The same again changes nothing."""
    said = {
        "vector": dict(interest.vector), "sources": {label: dict(kinds) for label, kinds in interest.sources.items()},
        "segment": segment, **asdict(habits), "built_at": uow.now,
    }  # fmt: skip
    row = uow.db.get(Profile, user_id)
    if row is None:
        uow.db.add(Profile(user_id=user_id, **said))
    elif any(getattr(row, name) != value for name, value in said.items() if name != "built_at"):
        for name, value in said.items():
            setattr(row, name, value)
    else:
        return
    uow.emit(ProfileChanged(user_id=user_id))


def keep_learnt(uow: UnitOfWork, learnt: Learnt) -> None:
    """What was learnt of all becomes the newest model, and everyone's profile with it; MODELS_KEPT models stay."""
    found = learnt.found
    uow.db.add(
        Model(
            id=new_id(), built_at=uow.now, people_count=len(learnt.interests), idf=dict(learnt.idf),
            segments=[{**asdict(one), "labels": list(one.labels)} for one in found.segments],
            silhouette=found.silhouette, stability=found.stability,
        )
    )  # fmt: skip
    uow.db.execute(delete(SegmentName))
    uow.db.add_all(SegmentName(key=one.key, name=learnt.named[one.key], size=one.size) for one in found.segments)
    uow.db.flush()
    newest = select(Model.id).order_by(Model.built_at.desc(), Model.id.desc()).limit(MODELS_KEPT)
    uow.db.execute(delete(Model).where(Model.id.not_in(newest)))
    for user_id, interest in learnt.interests.items():
        keep_profile(
            uow, user_id=user_id, interest=interest, habits=learnt.habits[user_id], segment=learnt.segment_of(user_id)
        )


def correct(uow: UnitOfWork, *, label: str, verdict: str) -> None:
    """The actor says what is so or is not. Of channel, hours and language only one is wanted. Raises Invalid, TooMany."""
    name, _, value = label.partition("=")
    if verdict not in ("wrong", "wanted") or not _is_label(name, value):
        raise Invalid(N_("There is no such thing to correct."))
    mine = Correction.user_id == uow.actor.user_id
    if uow.db.scalars(select(func.count()).select_from(Correction).where(mine)).one() >= CORRECTIONS_MAX:
        raise TooMany(N_("You have corrected a great deal already. Take something back first."))
    if name in CHOICES:
        uow.db.execute(delete(Correction).where(mine, Correction.label.startswith(f"{name}=", autoescape=True)))
    put = insert(Correction).values(user_id=uow.actor.user_id, label=label, verdict=verdict, at=uow.now)
    uow.db.execute(
        put.on_conflict_do_update(index_elements=["user_id", "label"], set_={"verdict": verdict, "at": uow.now})
    )
    uow.emit(ProfileChanged(user_id=uow.actor.user_id))


def take_back_correction(uow: UnitOfWork, *, label: str) -> None:
    """As if it had never been said; what was not said is no mistake."""
    uow.db.execute(
        delete(Correction).where(Correction.user_id == uow.actor.user_id, Correction.label == label[:LABEL_LENGTH_MAX])
    )
    uow.emit(ProfileChanged(user_id=uow.actor.user_id))


def choose_habit(uow: UnitOfWork, *, name: str, value: str) -> None:
    """The actor says how they like it; an empty value leaves it to what they do. Raises Invalid."""
    if value:
        correct(uow, label=f"{name}={value}", verdict="wanted")
    elif name in CHOICES:
        mine = Correction.user_id == uow.actor.user_id
        uow.db.execute(delete(Correction).where(mine, Correction.label.startswith(f"{name}=", autoescape=True)))
    else:
        raise Invalid(N_("There is no such thing to correct."))


def save_consultant(uow: UnitOfWork, *, consultant_id: str) -> None:
    """The actor wants to find this consultant again. Twice is once. Raises NotFound, TooMany."""
    if not is_id(consultant_id) or not catalog.is_listed(uow.db, consultant_id):
        raise NotFound
    mine = select(func.count()).select_from(Saved).where(Saved.user_id == uow.actor.user_id)
    if uow.db.scalars(mine).one() >= SAVED_MAX:
        raise TooMany(N_("You have saved very many already. Take one off first."))
    put = insert(Saved).values(user_id=uow.actor.user_id, consultant_id=consultant_id, saved_at=uow.now)
    if uow.db.scalar(put.on_conflict_do_nothing().returning(Saved.consultant_id)):
        said = Interaction(new_id(), "save", f"consultant:{consultant_id}", uow.now, "server")
        behaviour.state_interactions(uow, interactions=[said])


def unsave_consultant(uow: UnitOfWork, *, consultant_id: str) -> None:
    mine = (Saved.user_id == uow.actor.user_id) & (Saved.consultant_id == consultant_id[:LABEL_LENGTH_MAX])
    uow.db.execute(delete(Saved).where(mine))


def forget_person(uow: UnitOfWork, *, user_id: str) -> None:
    """Nothing is known of them any more."""
    uow.db.execute(delete(Profile).where(Profile.user_id == user_id))
    uow.db.execute(delete(Correction).where(Correction.user_id == user_id))


def _is_label(name: str, value: str) -> bool:
    if not value or len(value) > LABEL_LENGTH_MAX or not value.isascii() or not value.isprintable():
        return False
    if name in CHOICES:
        return value in CHOICES[name]
    return is_id(value) if name == "consultant" else f"{name}=" in LABEL_PREFIXES or name == "segment"
