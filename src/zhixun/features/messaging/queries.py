from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from zhixun.features.booking import queries as bookings
from zhixun.features.booking.queries import BookingView
from zhixun.features.booking.rules import State
from zhixun.kernel import sealed
from zhixun.kernel.errors import NotFound
from zhixun.kernel.sealed import NOTHING, Letter
from zhixun.kernel.tables import any_of
from zhixun.kernel.values import Actor

from . import rules
from .models import ContactSeen, Conversation, Message, MessageFile


@dataclass(frozen=True)
class ConversationLine:
    id: str
    client_id: str
    consultant_id: str
    last_seq: int
    last_text: str
    """Empty while nobody has written."""
    last_at: datetime
    unread: int
    """Messages of the other that the asker has not read."""

    def other_party(self, user_id: str) -> str:
        return self.consultant_id if user_id == self.client_id else self.client_id


@dataclass(frozen=True)
class FileLine:
    id: str
    name: str
    media_type: str
    bytes: int
    width: int
    height: int
    removed: bool
    seconds: int = 0
    """How long a voice note lasts; 0 for what is none."""

    @property
    def is_picture(self) -> bool:
        return self.width > 0

    @property
    def is_sound(self) -> bool:
        return self.media_type.startswith("audio/")


@dataclass(frozen=True)
class SentFile(FileLine):
    """A file with whose key it is sealed."""

    sender_id: str = ""


@dataclass(frozen=True)
class MessageLine:
    id: str
    conversation_id: str
    seq: int
    key: str
    sender_id: str
    text: str
    reply_to: str | None
    at: datetime
    files: tuple[FileLine, ...] = ()


@dataclass(frozen=True)
class ConversationView:
    id: str
    client_id: str
    consultant_id: str
    last_seq: int
    client_read_seq: int
    consultant_read_seq: int
    group_id: str | None = None
    members: tuple[str, ...] = ()
    """Of a group's: its consultant, and whoever has a seat."""

    @property
    def people(self) -> tuple[str, ...]:
        return self.members or (self.client_id, self.consultant_id)

    def others(self, user_id: str) -> list[str]:
        return [one for one in self.people if one != user_id]

    def other_party(self, user_id: str) -> str:
        return self.consultant_id if user_id == self.client_id else self.client_id

    def read_seq_of(self, user_id: str) -> int:
        """How far someone has read. In a group only the consultant's mark is kept."""
        if self.group_id and user_id not in (self.consultant_id, self.group_id):
            return self.last_seq
        return self.client_read_seq if user_id == self.client_id else self.consultant_read_seq


def conversations_of(db: Session, actor: Actor, *, limit: int = 50) -> list[ConversationLine]:
    """The asker's own conversations, the latest first. Two statements: the rows, and the keys of who wrote last."""
    latest = aliased(Message)
    on = and_(latest.conversation_id == Conversation.id, latest.seq == Conversation.last_seq)
    rows = db.execute(
        select(Conversation, latest, _unread(actor)).outerjoin(latest, on).where(_mine(actor))
        .order_by(Conversation.last_at.desc(), Conversation.id).limit(limit)
    ).all()  # fmt: skip
    letters = [Letter(last.id, last.sender_id, last.text) if last else Letter("", "", NOTHING) for _, last, _ in rows]
    texts = sealed.unseal_many(db, Message.text, letters, reader=None)
    return [
        ConversationLine(row.id, row.client_id, row.consultant_id, row.last_seq, text, row.last_at, unread)
        for (row, _, unread), text in zip(rows, texts, strict=True)
    ]


def conversation(db: Session, conversation_id: str, actor: Actor) -> ConversationView:
    """One conversation, for the people in it; for everyone else, operators too, NotFound."""
    row = db.get(Conversation, conversation_id)
    if row is None:
        raise NotFound
    members = members_of(db, row)
    if actor.user_id not in members:
        raise NotFound
    return ConversationView(
        row.id, row.client_id, row.consultant_id, row.last_seq, row.client_read_seq, row.consultant_read_seq,
        row.group_id, members if row.group_id else (),
    )  # fmt: skip


def members_of(db: Session, row: Conversation) -> tuple[str, ...]:
    """Who may read and write in it."""
    return bookings.people_of_group(db, row.group_id) if row.group_id else (row.client_id, row.consultant_id)


def ahead_of(db: Session, talk: ConversationView, actor: Actor, now: datetime) -> list[BookingView]:
    """The sessions of the two that have not begun, the next first."""
    mine = bookings.bookings_of(db, actor, now, upcoming=True)
    return [
        one
        for one in mine
        if (one.client_id, one.consultant_id) == talk.people
        and one.state in (State.HELD, State.REQUESTED, State.CONFIRMED)
        and one.starts_at > now
    ]


def contacts_told(db: Session, since: datetime) -> tuple[int, int]:
    """How many messages before a first session held contact details since then, and how many of them were sent still."""
    counted = select(func.count(), func.count(ContactSeen.sent_at)).where(ContactSeen.told_at >= since)
    told, sent = db.execute(counted).one()
    return told, sent


def messages(
    db: Session, conversation_id: str, actor: Actor, *, after_seq: int = 0, limit: int = rules.PAGE_LENGTH
) -> list[MessageLine]:
    """The messages after `after_seq`, in order, at most `limit`. Raises NotFound for whoever is not in it."""
    conversation(db, conversation_id, actor)
    rows = db.scalars(
        select(Message).where(Message.conversation_id == conversation_id, Message.seq > after_seq)
        .order_by(Message.seq).limit(limit)
    )  # fmt: skip
    return message_lines(db, rows.all())


def messages_before(
    db: Session, seen: ConversationView, *, before_seq: int | None = None, limit: int = rules.PAGE_LENGTH
) -> list[MessageLine]:
    """The last `limit` messages before `before_seq` (of all, when None), in order."""
    older = select(Message).where(Message.conversation_id == seen.id)
    if before_seq is not None:
        older = older.where(Message.seq < before_seq)
    rows = db.scalars(older.order_by(Message.seq.desc()).limit(limit))
    return message_lines(db, rows.all()[::-1])


def said_between(
    db: Session, *, client_id: str, consultant_id: str, from_: datetime, until: datetime, limit: int, reader: Actor
) -> list[MessageLine]:
    """What two people wrote to each other in [from_, until), in order, for a third who may read it by the caller's word.
    Both see in their access logs who did. Two statements."""
    rows = list(db.scalars(
        select(Message).where(
            Message.conversation_id == rules.conversation_id_of(client_id, consultant_id), Message.at >= from_,
            Message.at < until,
        ).order_by(Message.seq).limit(limit)
    ))  # fmt: skip
    letters = [Letter(row.id, row.sender_id, row.text) for row in rows]
    texts = sealed.unseal_many(db, Message.text, letters, reader=reader)
    return [message_line(row, text) for row, text in zip(rows, texts, strict=True)]


def answer_hours(db: Session, *, consultant_ids: Collection[str], since: datetime) -> dict[tuple[str, str], float]:
    """(Client, consultant) → hours from a client's message to the consultant's next one, on average since then. Pairs
    whose client has not been answered yet are not in it. One statement."""
    following = func.lead(Message.sender_id).over(partition_by=Message.conversation_id, order_by=Message.seq)
    then = func.lead(Message.at).over(partition_by=Message.conversation_id, order_by=Message.seq)
    said = (
        select(
            Conversation.client_id, Conversation.consultant_id, Message.sender_id, Message.at,
            following.label("next_sender"), then.label("next_at"),
        )
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(Conversation.consultant_id == any_of(consultant_ids), Message.at >= since)
        .subquery()
    )  # fmt: skip
    hours = func.avg(func.extract("epoch", said.c.next_at - said.c.at)) / 3_600
    rows = db.execute(
        select(said.c.client_id, said.c.consultant_id, hours)
        .where(said.c.sender_id == said.c.client_id, said.c.next_sender == said.c.consultant_id)
        .group_by(said.c.client_id, said.c.consultant_id)
    )
    return {(client_id, consultant_id): float(mean) for client_id, consultant_id, mean in rows}


def last_seqs(db: Session, actor: Actor) -> dict[str, int]:
    """How far each of the asker's conversations goes, of the latest CONVERSATIONS_MAX."""
    groups = bookings.group_ids_of(db, actor)
    rows = db.execute(
        select(Conversation.id, Conversation.last_seq).where(or_(_mine(actor), Conversation.group_id == any_of(groups)))
        .order_by(Conversation.last_at.desc()).limit(rules.CONVERSATIONS_MAX)
    )  # fmt: skip
    return dict(rows.all())


def unread_total(db: Session, actor: Actor) -> int:
    """Unread messages in all of the asker's conversations."""
    return db.scalar(select(func.coalesce(func.sum(_unread(actor)), 0)).where(_mine(actor))) or 0


def message_frame(line: MessageLine) -> dict[str, Any]:
    """A message as it goes over the wire. Whoever sent one announces this frame to the conversation's `people`."""
    return {
        "type": "message", "conversation": line.conversation_id, "seq": line.seq, "id": line.id,
        "client_id": line.key, "sender": line.sender_id, "text": line.text, "reply_to": line.reply_to,
        "at": line.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "files": [file_frame(line, one) for one in line.files],
    }  # fmt: skip


def file_frame(line: MessageLine, file: FileLine) -> dict[str, Any]:
    """A file as it goes over the wire; the two fetch it from `url`."""
    return {
        "id": file.id, "name": file.name, "media_type": file.media_type, "bytes": file.bytes, "width": file.width,
        "height": file.height, "removed": file.removed, "seconds": file.seconds, "url": f"/messages/{line.conversation_id}/files/{file.id}",
    }  # fmt: skip


def file(db: Session, conversation_id: str, file_id: str, actor: Actor) -> SentFile:
    """One file, for the two people of its conversation. Raises NotFound, also for one that was removed."""
    conversation(db, conversation_id, actor)
    row = db.get(MessageFile, file_id)
    if row is None or row.conversation_id != conversation_id or row.removed_at is not None:
        raise NotFound
    name = sealed.unseal(
        db, MessageFile.name, row=row.id, person=row.sender_id, sealed=row.name, reader=None
    )  # fmt: skip
    return SentFile(row.id, name, row.media_type, row.bytes, row.width, row.height, False, row.seconds, row.sender_id)


def message_lines(db: Session, rows: Sequence[Message]) -> list[MessageLine]:
    """For the two people they were written between: no line in anybody's access log."""
    letters = [Letter(row.id, row.sender_id, row.text) for row in rows]
    texts = sealed.unseal_many(db, Message.text, letters, reader=None)
    files = _files_of(db, [row.id for row in rows])
    return [message_line(row, text, files.get(row.id, ())) for row, text in zip(rows, texts, strict=True)]


def message_line(row: Message, text: str, files: Iterable[FileLine] = ()) -> MessageLine:
    return MessageLine(
        row.id, row.conversation_id, row.seq, row.key, row.sender_id, text, row.reply_to, row.at, tuple(files)
    )


def _files_of(db: Session, message_ids: list[str]) -> dict[str, list[FileLine]]:
    """Message id → its files, in order. One statement, and one for the keys where there are any."""
    found: dict[str, list[FileLine]] = {}
    if not message_ids:
        return found
    wanted = select(MessageFile).where(MessageFile.message_id == any_of(message_ids))
    rows = db.scalars(wanted.order_by(MessageFile.message_id, MessageFile.position)).all()
    names = sealed.unseal_many(
        db, MessageFile.name, [Letter(row.id, row.sender_id, row.name) for row in rows], reader=None
    )
    for row, name in zip(rows, names, strict=True):
        gone = row.removed_at is not None
        line = FileLine(row.id, name, row.media_type, row.bytes, row.width, row.height, gone, row.seconds)
        found.setdefault(row.message_id, []).append(line)
    return found


def _unread(actor: Actor) -> ColumnElement[int]:
    mark = case(
        (Conversation.client_id == actor.user_id, Conversation.client_read_seq), else_=Conversation.consultant_read_seq
    )
    new = and_(Message.conversation_id == Conversation.id, Message.seq > mark, Message.sender_id != actor.user_id)
    return select(func.count()).select_from(Message).where(new).scalar_subquery()


def _mine(actor: Actor) -> ColumnElement[bool]:
    """Only the two people themselves: nobody reads along, whatever their role. A group's is reached by its room."""
    me = actor.user_id
    return and_(
        Conversation.group_id.is_(None), or_(Conversation.client_id == me, Conversation.consultant_id == me)
    )  # fmt: skip
