from __future__ import annotations

import hashlib
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from zhixun.events.messaging import FileRemoved, MessageSent
from zhixun.features.accounts import actions as accounts
from zhixun.features.accounts import queries as people
from zhixun.features.booking import actions as booking_actions
from zhixun.features.booking import queries as bookings
from zhixun.kernel import sealed
from zhixun.kernel.errors import N_, Conflict, Invalid, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork, unit_of_work
from zhixun.kernel.values import is_id, new_id

from . import queries, rules
from .models import ContactSeen, Conversation, Message, MessageFile
from .queries import FileLine, MessageLine, message_line, message_lines
from .rules.contacts import contact_in
from .rules.files import CheckedFile, check_count


class NotYetTalking(Conflict):
    code, message = "not_yet_talking", N_("You can write to each other once the booking is paid and confirmed.")


class ContactFound(Conflict):
    code = "contact_found"
    message = N_(
        "This looks like a way to reach or to pay each other outside this site. Until your first session has taken place, "
        "please keep that here: refunds and disputes only reach what was arranged here. Send it again if you mean it."
    )


class ConversationClosed(Conflict):
    """One of the two has blocked the other; the sentence does not say which."""

    code, message = "conversation_closed", N_("Nothing more can be written in this conversation.")


def open_conversation(uow: UnitOfWork, *, client_id: str, consultant_id: str) -> str:
    """Open the conversation of two people and return its id. Opening twice is done once.

    For the system only (the fact of a confirmed booking, sample data): people open one by booking.
    """
    assert uow.actor.is_a("system"), "people open a conversation by booking"
    conversation_id = rules.conversation_id_of(client_id, consultant_id)
    uow.db.execute(
        insert(Conversation)
        .values(
            id=conversation_id, client_id=client_id, consultant_id=consultant_id, last_seq=0, last_at=uow.now,
            client_read_seq=0, consultant_read_seq=0,
        )
        .on_conflict_do_nothing()
    )  # fmt: skip
    return conversation_id


def open_for_booking(uow: UnitOfWork, *, booking_id: str) -> str:
    """Open the conversation that a confirmed booking brings. Raises NotFound, NotYetTalking."""
    view = bookings.booking(uow.db, booking_id, uow.actor, uow.now)
    if view.state not in rules.MAY_TALK:
        raise NotYetTalking
    return open_conversation(uow, client_id=view.client_id, consultant_id=view.consultant_id)


def open_for_group(uow: UnitOfWork, *, group_id: str) -> str:
    """The conversation of everybody in a group session, for one of them; opening twice is done once. Raises NotFound."""
    people = bookings.people_of_group(uow.db, group_id)
    if uow.actor.user_id not in people:
        raise NotFound
    conversation_id = rules.conversation_id_of_group(group_id)
    opened = insert(Conversation).values(
        id=conversation_id, client_id=group_id, consultant_id=people[0], group_id=group_id, last_seq=0, last_at=uow.now,
        client_read_seq=0, consultant_read_seq=0,
    )  # fmt: skip
    uow.db.execute(opened.on_conflict_do_nothing())
    return conversation_id


def seal_files(
    uow: UnitOfWork, *, conversation_id: str, key: str, files: Sequence[CheckedFile]
) -> list[tuple[str, bytes]]:
    """(id, sealed data) for each file of the message that the asker is about to send under `key`; the caller puts them
    into the BlobStore and then sends it. The same key gives the same ids. Raises Invalid, NotFound,
    ConversationClosed."""
    check_count(len(files))
    talk = queries.conversation(uow.db, conversation_id, uow.actor)
    _check_open(uow, talk)
    ids = _file_ids(talk.id, uow.actor.user_id, rules.check_key(key), len(files))
    return [
        (file_id, sealed.seal_blob(uow.db, blob_id=file_id, person=uow.actor.user_id, data=file.data))
        for file_id, file in zip(ids, files, strict=True)
    ]


def send_message(
    uow: UnitOfWork,
    *,
    conversation_id: str,
    key: str,
    text: str,
    reply_to: str | None = None,
    files: Sequence[CheckedFile] = (),
) -> MessageLine:
    """Add a message with the conversation's next number. The same `key` of the same sender returns the first message.

    `reply_to` is the id of a message of this conversation. Before the two have met, whoever writes a phone number or the
    like is told first (ContactFound); sent again under the same `key`, it goes. Raises Invalid, NotFound, ContactFound,
    ConversationClosed.
    """
    check_count(len(files))
    key, words = rules.check_key(key), "" if files and text == "" else rules.clean_text(text)
    talk = _locked(uow, conversation_id)
    known = uow.db.scalar(
        select(Message).where(
            Message.conversation_id == talk.id, Message.sender_id == uow.actor.user_id, Message.key == key
        )
    )
    if known is not None:
        return message_lines(uow.db, [known])[0]
    _check_open(uow, talk)
    _check_contacts(uow, talk, key, words)
    if reply_to is not None:
        _check_reply(uow, talk.id, reply_to)
    talk.last_seq, talk.last_at = talk.last_seq + 1, uow.now
    message_id, sender_id = new_id(), uow.actor.user_id
    message = Message(
        id=message_id, conversation_id=talk.id, seq=talk.last_seq, key=key, sender_id=sender_id,
        text=sealed.seal(uow.db, Message.text, row=message_id, person=sender_id, text=words), reply_to=reply_to, at=uow.now,
    )  # fmt: skip
    uow.db.add(message)
    uow.db.flush()
    lines = _add_files(uow, message, files)
    uow.emit(MessageSent(message_id=message.id, conversation_id=talk.id, sender_id=message.sender_id, seq=message.seq))
    return message_line(message, words, lines)


def block_other(uow: UnitOfWork, *, conversation_id: str) -> list[str]:
    """The other can neither book nor write any more, and is not told. Sessions ahead of the two are cancelled as if the
    actor had cancelled each; one that is running goes on. Returns the ids of those cancelled. Twice is once.

    Raises NotFound.
    """
    talk = queries.conversation(uow.db, conversation_id, uow.actor)
    if talk.group_id:
        raise NotFound
    accounts.block_person(uow, person_id=talk.other_party(uow.actor.user_id))
    ahead = queries.ahead_of(uow.db, talk, uow.actor, uow.now)
    for booking in ahead:
        booking_actions.cancel_booking(uow, booking_id=booking.id)
    return [booking.id for booking in ahead]


def unblock_other(uow: UnitOfWork, *, conversation_id: str) -> None:
    """Nothing to take back is fine. Raises NotFound."""
    talk = queries.conversation(uow.db, conversation_id, uow.actor)
    if talk.group_id:
        raise NotFound
    accounts.unblock_person(uow, person_id=talk.other_party(uow.actor.user_id))


def remove_file(uow: UnitOfWork, *, conversation_id: str, file_id: str) -> None:
    """The sender takes a file back; nobody can open it any more. Twice is once. Raises NotFound."""
    talk = queries.conversation(uow.db, conversation_id, uow.actor)
    row = uow.db.get(MessageFile, file_id, with_for_update=True)
    if row is None or row.conversation_id != talk.id or row.sender_id != uow.actor.user_id:
        raise NotFound
    if row.removed_at is None:
        row.removed_at = uow.now
        uow.emit(FileRemoved(file_id=row.id, conversation_id=talk.id))


def _add_files(uow: UnitOfWork, message: Message, files: Sequence[CheckedFile]) -> list[FileLine]:
    lines = []
    ids = _file_ids(message.conversation_id, message.sender_id, message.key, len(files))
    for position, (file_id, file) in enumerate(zip(ids, files, strict=True)):
        name = sealed.seal(uow.db, MessageFile.name, row=file_id, person=message.sender_id, text=file.name)
        uow.db.add(
            MessageFile(
                id=file_id, message_id=message.id, conversation_id=message.conversation_id, sender_id=message.sender_id,
                position=position, name=name, media_type=file.media_type, bytes=len(file.data), width=file.width,
                height=file.height, seconds=file.seconds,
            )
        )  # fmt: skip
        lines.append(
            FileLine(file_id, file.name, file.media_type, len(file.data), file.width, file.height, False, file.seconds)
        )
    return lines


def _file_ids(conversation_id: str, sender_id: str, key: str, count: int) -> list[str]:
    made = (f"file:{conversation_id}:{sender_id}:{key}:{number}" for number in range(count))
    return [hashlib.sha256(one.encode()).hexdigest()[:32] for one in made]


def mark_read(uow: UnitOfWork, *, conversation_id: str, seq: int) -> int:
    """The asker has read up to `seq`. Marks only move forward and never past the last message; returns the mark."""
    wanted = rules.check_seq(seq)
    talk = _locked(uow, conversation_id)
    wanted = min(wanted, talk.last_seq)
    if talk.group_id and uow.actor.user_id != talk.consultant_id:
        return wanted  # of a group only the consultant's mark is kept
    if uow.actor.user_id == talk.client_id:
        talk.client_read_seq = max(talk.client_read_seq, wanted)
        return talk.client_read_seq
    talk.consultant_read_seq = max(talk.consultant_read_seq, wanted)
    return talk.consultant_read_seq


def _check_open(uow: UnitOfWork, talk: Conversation | queries.ConversationView) -> None:
    if people.are_apart(uow.db, talk.client_id, talk.consultant_id):
        raise ConversationClosed


def _check_contacts(uow: UnitOfWork, talk: Conversation, key: str, words: str) -> None:
    kind = contact_in(words)
    if not kind or bookings.have_had_session(uow.db, talk.client_id, talk.consultant_id):
        return
    seen_id = hashlib.sha256(f"contact:{talk.id}:{uow.actor.user_id}:{key}".encode()).hexdigest()[:32]
    seen = uow.db.get(ContactSeen, seen_id)
    if seen is not None:
        seen.sent_at = uow.now
        return
    with unit_of_work(uow.actor, now=uow.now) as own:  # the refusal undoes the caller's; that it was told must stay
        told = insert(ContactSeen).values(
            id=seen_id, conversation_id=talk.id, sender_id=uow.actor.user_id, kind=kind, told_at=uow.now, sent_at=None
        )
        own.db.execute(told.on_conflict_do_nothing())
    raise ContactFound(extra={"kind": kind})


def _locked(uow: UnitOfWork, conversation_id: str) -> Conversation:
    """The conversation, locked, if the asker is in it. What others may not see is not found."""
    talk = uow.db.get(Conversation, conversation_id, with_for_update=True, populate_existing=True)
    if talk is None or uow.actor.user_id not in queries.members_of(uow.db, talk):
        raise NotFound
    return talk


def _check_reply(uow: UnitOfWork, conversation_id: str, reply_to: str) -> None:
    here = select(Message.id).where(Message.id == reply_to, Message.conversation_id == conversation_id)
    if not is_id(reply_to) or uow.db.scalar(here) is None:
        raise Invalid(fields={"reply_to": N_("The message you answer is not in this conversation.")})
