"""Conversations, for programs; browsers hear new messages over /live."""

from __future__ import annotations

from sqlalchemy.orm import Session

from zhixun.features.accounts import queries as accounts
from zhixun.features.api.forms import answers
from zhixun.features.api.forms.asked import MessagesWanted, MessageWanted
from zhixun.features.catalog import queries as catalog
from zhixun.features.messaging import actions, queries
from zhixun.features.messaging.actions import ContactFound, ConversationClosed
from zhixun.kernel.errors import N_, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.web import live, pagination, security
from zhixun.web.languages import language

from . import shown
from .endpoint import reads, writes

TAG = N_("Talking")
CONVERSATIONS = 100


@reads("/conversations", N_("Your conversations, the latest first."), tag=TAG, answer=answers.Conversations)
def conversations(db: Session) -> answers.Conversations:
    found = queries.conversations_of(db, security.current_actor(), limit=CONVERSATIONS)
    people = accounts.people(db, {who for line in found for who in (line.client_id, line.consultant_id)})
    people = catalog.called(db, people, language())
    return answers.Conversations(
        items=[
            answers.ConversationShown(
                id=line.id, client=shown.person(line.client_id, people),
                consultant=shown.person(line.consultant_id, people), last_seq=line.last_seq,
                last_text=line.last_text, last_at=line.last_at, unread=line.unread,
            )
            for line in found
        ]
    )  # fmt: skip


@reads(
    "/conversations/{conversation_id}/messages",
    N_("The messages after a number, in order. Ask again with the last `seq` you know to catch up."),
    tag=TAG,
    asked=MessagesWanted,
    answer=answers.Messages,
    refusals=(NotFound,),
)
def messages(db: Session, wanted: MessagesWanted, conversation_id: str) -> answers.Messages:
    after = pagination.number_of(wanted.cursor) or wanted.after_seq
    found = queries.messages(
        db, conversation_id, security.current_actor(), after_seq=after, limit=wanted.limit + 1
    )  # fmt: skip
    seen, more = found[: wanted.limit], len(found) > wanted.limit
    return answers.Messages(
        items=[shown.message(line) for line in seen],
        next=pagination.cursor_of(str(seen[-1].seq)) if more else None,
    )


def _show_at_once(said: answers.MessageShown) -> None:
    """On the open screens of all who read along; shown twice is shown once, as it carries its number."""
    with security.read() as db:
        me = security.current_actor()
        talk = queries.conversation(db, said.conversation_id, me)
        (line,) = queries.messages(db, talk.id, me, after_seq=said.seq - 1, limit=1)
    live.announce(talk.people, queries.message_frame(line))


@writes(
    "/conversations/{conversation_id}/messages",
    N_(
        "Write to the other person. The same `client_id` twice is sent once; what `contact_found` held back is sent then."
    ),
    tag=TAG,
    asked=MessageWanted,
    answer=answers.MessageShown,
    status=201,
    refusals=(NotFound, ContactFound, ConversationClosed),
    keeps_answer=False,
    then=_show_at_once,
)
def send_message(uow: UnitOfWork, wanted: MessageWanted, conversation_id: str) -> answers.MessageShown:
    return shown.message(
        actions.send_message(
            uow, conversation_id=conversation_id, key=wanted.client_id, text=wanted.text, reply_to=wanted.reply_to
        )
    )
