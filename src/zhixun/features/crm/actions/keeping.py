from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from zhixun.events.crm import HelpAsked, MatterAnswered
from zhixun.features.accounts import queries as accounts
from zhixun.features.accounts.rules import check_right
from zhixun.features.booking import queries as bookings
from zhixun.features.booking.rules import State as BookingState
from zhixun.features.crm import queries, rules
from zhixun.features.crm.models import Check, Matter, Note, Tag
from zhixun.features.crm.rules import State
from zhixun.features.messaging import queries as messaging
from zhixun.kernel.errors import N_, Conflict, Invalid, NotFound, TooMany
from zhixun.kernel.sealed import NOTHING, seal
from zhixun.kernel.unit_of_work import UnitOfWork


class TooManyOpen(TooMany):
    code, message = "too_many_open", N_("Five of your matters wait for an answer. Please let us answer one first.")


class Answered(Conflict):
    code, message = "answered", N_("This has been answered.")


class TooManyTags(Conflict):
    code, message = "too_many_tags", N_("A client has at most 12 tags.")


class CheckOver(Conflict):
    code, message = "check_over", N_("This question is no longer open.")


def file_matter(uow: UnitOfWork, *, matter_id: str, kind: str, text: str, booking_id: str | None = None) -> str:
    """Keep a complaint or a suggestion of whoever acts, with the time by which it is answered; sent twice, kept once.

    Raises Invalid, NotFound (a session of others, or the id of others), TooManyOpen.
    """
    kept = rules.clean_matter(kind, text)
    if booking_id:
        booking = bookings.booking(uow.db, booking_id, uow.actor, uow.now)
        if uow.actor.user_id not in (booking.client_id, booking.consultant_id):
            raise NotFound
    return _filed(uow, matter_id, kind, kept, booking_id=booking_id)


def report_person(
    uow: UnitOfWork, *, matter_id: str, conversation_id: str, reason: str, text: str, quoted: Sequence[str] = (),
    about_id: str = "",
) -> str:  # fmt: skip
    """Tell the house about the other of a conversation, in a group about `about_id`; answered within a day. `quoted` are
    messages of theirs that the reporter shows. Sent twice, kept once. Raises Invalid (in a group also for nobody of it),
    NotFound, TooManyOpen."""
    others = messaging.conversation(uow.db, conversation_id, uow.actor).others(uow.actor.user_id)
    kept = rules.report_text(reason, text, quoted)
    if len(others) > 1 and about_id not in others:
        raise Invalid(fields={"about": N_("Please choose whom it is about.")})
    return _filed(uow, matter_id, "report", kept, about_id=about_id if about_id in others else next(iter(others), None))


def _filed(
    uow: UnitOfWork, matter_id: str, kind: str, kept: str, *, booking_id: str | None = None, about_id: str | None = None
) -> str:
    me = uow.actor.user_id
    known = uow.db.scalar(select(Matter.person_id).where(Matter.id == matter_id))
    if known is not None:
        if known != me:
            raise NotFound
        return matter_id
    waiting = select(func.count()).select_from(Matter).where(Matter.person_id == me, Matter.answered_at.is_(None))
    if (uow.db.scalar(waiting) or 0) >= rules.OPEN_MAX:
        raise TooManyOpen
    new = insert(Matter).values(
        id=matter_id, person_id=me, kind=kind, booking_id=booking_id, filed_at=uow.now,
        text=seal(uow.db, Matter.text, row=matter_id, person=me, text=kept), due_at=uow.now + rules.ANSWER_DUE[kind],
        state=State.NEW, owner_id=None, answer=NOTHING, answered_at=None,
        about_id=about_id,
    )  # fmt: skip
    uow.db.execute(new.on_conflict_do_nothing())
    return matter_id


def take_matter(uow: UnitOfWork, *, matter_id: str) -> None:
    """Whoever acts at the desk owns it from now on. Raises RightNeeded, NotFound, Answered."""
    matter = _locked(uow, matter_id, State.TAKEN)
    matter.state, matter.owner_id = State.TAKEN, uow.actor.user_id


def answer_matter(uow: UnitOfWork, *, matter_id: str, answer: str) -> None:
    """The desk's answer, once; the person is told. Raises RightNeeded, NotFound, Answered, Invalid."""
    matter = _locked(uow, matter_id, State.ANSWERED)
    kept = rules.clean_answer(answer)
    matter.answer = seal(uow.db, Matter.answer, row=matter.id, person=matter.person_id, text=kept)
    matter.state, matter.answered_at = State.ANSWERED, uow.now
    matter.owner_id = matter.owner_id or uow.actor.user_id
    uow.emit(MatterAnswered(matter_id=matter.id, person_id=matter.person_id))


def write_note(uow: UnitOfWork, *, note_id: str, client_id: str, text: str) -> None:
    """Keep a note about a client: the desk's own with the right to see clients, or a consultant's about their own client.
    Sent twice, kept once. Raises NotFound (not a client one may see), Invalid."""
    owner = _owner(uow, client_id)
    kept = rules.clean_note(text)
    count = select(func.count()).select_from(Note).where(Note.client_id == client_id, Note.owner == owner)
    if (uow.db.scalar(count) or 0) >= rules.NOTES_MAX:
        raise Invalid(fields={"note": N_("There are 200 notes already. Please delete one first.")})
    new = insert(Note).values(
        id=note_id, client_id=client_id, owner=owner, author_id=uow.actor.user_id, at=uow.now,
        text=seal(uow.db, Note.text, row=note_id, person=client_id, text=kept),
    )  # fmt: skip
    uow.db.execute(new.on_conflict_do_nothing())


def delete_note(uow: UnitOfWork, *, note_id: str, client_id: str) -> None:
    """Whoever may write a note there may delete it. Nothing to delete is fine. Raises NotFound."""
    owner = _owner(uow, client_id)
    uow.db.execute(delete(Note).where(Note.id == note_id, Note.client_id == client_id, Note.owner == owner))


def add_tag(uow: UnitOfWork, *, client_id: str, tag: str) -> None:
    """Twice is once. Raises RightNeeded, NotFound, Invalid, TooManyTags."""
    check_right(uow.actor, "see_clients")
    accounts.person(uow.db, client_id)
    kept = rules.clean_tag(tag)
    tags = set(uow.db.scalars(select(Tag.tag).where(Tag.client_id == client_id)))
    if kept not in tags and len(tags) >= rules.TAGS_MAX:
        raise TooManyTags
    new = insert(Tag).values(client_id=client_id, tag=kept, by=uow.actor.user_id, at=uow.now)
    uow.db.execute(new.on_conflict_do_nothing())


def remove_tag(uow: UnitOfWork, *, client_id: str, tag: str) -> None:
    """Raises RightNeeded."""
    check_right(uow.actor, "see_clients")
    uow.db.execute(delete(Tag).where(Tag.client_id == client_id, Tag.tag == tag))


def ask_whether_it_helped(uow: UnitOfWork, *, booking_id: str) -> bool:
    """Two weeks after a session; whether it is asked for the first time. Raises NotFound."""
    booking = bookings.booking(uow.db, booking_id, uow.actor, uow.now)
    if booking.state is not BookingState.COMPLETED:
        raise NotFound
    new = insert(Check).values(
        booking_id=booking.id, client_id=booking.client_id, consultant_id=booking.consultant_id, asked_at=uow.now,
        helped=None, answered_at=None,
    )  # fmt: skip
    if uow.db.scalar(new.on_conflict_do_nothing().returning(Check.booking_id)) is None:
        return False
    uow.emit(HelpAsked(booking_id=booking.id, client_id=booking.client_id, consultant_id=booking.consultant_id))
    return True


def say_whether_it_helped(uow: UnitOfWork, *, booking_id: str, helped: str) -> None:
    """The client's answer; it may be changed while the question stands. Raises NotFound, Invalid, CheckOver."""
    check = uow.db.scalar(select(Check).where(Check.booking_id == booking_id).with_for_update())
    if check is None or check.client_id != uow.actor.user_id:
        raise NotFound
    if helped not in rules.HELPED:
        raise Invalid(fields={"helped": N_("Please say whether it helped.")})
    if uow.now > check.asked_at + rules.CHECK_LASTS:
        raise CheckOver
    check.helped, check.answered_at = helped, uow.now


def _locked(uow: UnitOfWork, matter_id: str, wanted: State) -> Matter:
    check_right(uow.actor, "answer_complaints")
    matter = uow.db.scalar(select(Matter).where(Matter.id == matter_id).with_for_update())
    if matter is None:
        raise NotFound
    if not rules.may_become(State(matter.state), wanted):
        raise Answered
    return matter


def _owner(uow: UnitOfWork, client_id: str) -> str:
    """Whose note it is. Raises NotFound where the actor may not see this client."""
    accounts.person(uow.db, client_id)
    return queries.note_owner(uow.db, client_id, uow.actor)
