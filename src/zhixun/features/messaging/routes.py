"""The list of conversations, one conversation, and the session room."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from flask import Blueprint, jsonify, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from zhixun.features.accounts import queries as accounts
from zhixun.features.booking import actions as booking_actions
from zhixun.features.booking import queries as bookings
from zhixun.features.booking.queries import BookingView
from zhixun.features.booking.rules import LEAVE_AFTER, ROOM_OPENS_BEFORE, State
from zhixun.features.catalog import queries as catalog
from zhixun.kernel import sealed
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.ports import BlobStore
from zhixun.kernel.services import service
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Words, new_id, utc_now
from zhixun.web import errors, formats, limits, live
from zhixun.web.downloads import as_file
from zhixun.web.formats import say
from zhixun.web.security import current_actor, read, require, work
from zhixun.web.ways import leads_to

from . import actions, forms, queries, rules
from .actions import ContactFound, ConversationClosed
from .queries import ConversationView, MessageLine
from .rules import files as file_rules

HELP_LOOKS_BACK = 20
"""Of so many messages the help lines are shown."""

bp = Blueprint("messaging", __name__, template_folder="templates")


@dataclass(frozen=True)
class Face:
    """How a person is shown to the other. Only a consultant has a page and a portrait."""

    name: Words
    slug: str = ""
    portrait: str = ""
    verified: bool = False
    law: Words = Words()
    """What a session in their field is not."""
    zone: str = ""
    """Of the clock they read; empty for someone who has left."""


NOBODY = Face(Words("已离开的用户", "Someone who has left"))


@dataclass(frozen=True)
class Talk:
    """A conversation as one of the two sees it, from `messages[0]` on."""

    view: ConversationView
    messages: list[MessageLine]
    key: str
    """The id of the message that the form on the page would send."""
    text: str = ""
    error: str = ""
    help: Words | None = None
    """Help lines, where a message on the page speaks of danger."""
    closed: bool = False
    """One of the two has blocked the other."""
    blocked: bool = False
    """It was the reader."""

    @property
    def days(self) -> list[tuple[datetime, list[MessageLine]]]:
        """The messages by the reader's calendar day."""
        days = groupby(self.messages, key=lambda line: formats.local_date(line.at))
        return [(lines[0].at, lines) for _, grouped in days if (lines := list(grouped))]

    @property
    def older(self) -> int | None:
        return self.messages[0].seq if self.messages and self.messages[0].seq > 1 else None

    @property
    def other_read(self) -> int:
        return self.view.read_seq_of(self.view.other_party(current_actor().user_id))


@bp.get("/messages")
@require()
def conversations() -> str:
    """Everyone one may write to, the latest first."""
    with read() as db:
        lines = queries.conversations_of(db, current_actor())
        faces = _faces(db, [(line.client_id, line.consultant_id) for line in lines])
    shown = [(line, faces[line.other_party(current_actor().user_id)]) for line in lines]
    return render_template("messaging/conversations.html", lines=shown)


@bp.get("/messages/<conversation_id>")
@require()
def conversation(conversation_id: str) -> AnyResponse:
    """One conversation; reading it marks it read."""
    return _conversation_page(forms.own_id(conversation_id), before=forms.read_before(request.args.get("before")))


@bp.post("/messages/<conversation_id>")
@require()
@limits.takes_body(file_rules.UPLOAD_BYTES_MAX)
def send(conversation_id: str) -> AnyResponse:
    """Send a form with its files; the page's script sends files by it too. A refused message comes back with its words,
    on the page it was written on."""
    typed = forms.read_message(request.form)
    try:
        line, talk = _sent(forms.own_id(conversation_id), typed)
    except (Invalid, ContactFound, ConversationClosed) as error:
        if errors.by_script():
            raise
        said = next(iter(errors.field_sentences(error).values()), errors.sentence_of(error))
        with read() as db:
            group_id = queries.conversation(db, conversation_id, current_actor()).group_id
        if group_id:
            return _group_room(group_id, typed=typed, error=said)
        if typed.room:
            return _room_page(typed.room, typed=typed, error=said)
        return _conversation_page(conversation_id, typed=typed, error=said)
    live.announce(talk.people, queries.message_frame(line))
    if errors.by_script():
        return make_response(jsonify(seq=line.seq, id=line.id), 201)
    if talk.group_id:
        return redirect(url_for("messaging.group_room", group_id=talk.group_id, _anchor="last"), 303)
    if typed.room:
        return redirect(url_for("messaging.room", booking_id=typed.room, _anchor="last"), 303)
    return redirect(url_for("messaging.conversation", conversation_id=talk.id, _anchor="last"), 303)


def _sent(conversation_id: str, typed: forms.Typed) -> tuple[MessageLine, ConversationView]:
    """Files first, sealed, then the message that names them: nobody is shown a file that is not there."""
    chosen = [one for one in request.files.getlist("files") if one.filename]
    if chosen:
        limits.limit(
            "send_files", current_actor().user_id, tries=file_rules.UPLOADS_MAX, seconds=file_rules.UPLOADS_SECONDS
        )
    file_rules.check_count(len(chosen))
    files = [file_rules.checked(one.filename or "", one.read()) for one in chosen]
    if typed.seconds:
        files = [file_rules.voice_note(files, typed.seconds)]
    if files:
        with work() as uow:
            kept = actions.seal_files(uow, conversation_id=conversation_id, key=typed.key, files=files)
        for file_id, data in kept:
            service(BlobStore).put(file_id, data)
    with work() as uow:
        line = actions.send_message(
            uow, conversation_id=conversation_id, key=typed.key, text=typed.text if not files else typed.text.strip(),
            files=files,
        )  # fmt: skip
        return line, queries.conversation(uow.db, line.conversation_id, uow.actor)


@bp.get("/messages/<conversation_id>/files/<file_id>")
@require()
def file(conversation_id: str, file_id: str) -> AnyResponse:
    """A file, for the two people it was sent between. A picture is shown, sound is heard on the page (which may ask for a
    part of it), everything else is only ever saved."""
    with read() as db:
        found = queries.file(db, forms.own_id(conversation_id), forms.own_id(file_id), current_actor())
    kept = service(BlobStore).get(found.id)
    with read() as db:
        data = kept and sealed.unseal_blob(db, blob_id=found.id, person=found.sender_id, data=kept)
    if not data:
        raise NotFound
    return as_file(data, name=found.name, media_type=found.media_type)


@bp.route("/messages/<conversation_id>/block", methods=["GET", "POST"])
@require()
def block(conversation_id: str) -> AnyResponse:
    """What follows from it; then do it (`deed=block`), or take it back (`deed=unblock`)."""
    actor, conversation_id = current_actor(), forms.own_id(conversation_id)
    if request.method == "POST":
        with work() as uow:
            if request.form.get("deed") == "unblock":
                actions.unblock_other(uow, conversation_id=conversation_id)
            else:
                actions.block_other(uow, conversation_id=conversation_id)
        return redirect(url_for("messaging.conversation", conversation_id=conversation_id), 303)
    with read() as db:
        view = queries.conversation(db, conversation_id, actor)
        if view.group_id:
            raise NotFound
        faces = _faces(db, [(view.client_id, view.consultant_id)])
        ahead = queries.ahead_of(db, view, actor, utc_now())
        blocked = accounts.has_blocked(db, actor.user_id, view.other_party(actor.user_id))
    page = render_template(
        "messaging/block.html", talk=view, other=faces[view.other_party(actor.user_id)], ahead=ahead,
        is_client=actor.user_id == view.client_id, blocked=blocked,
    )  # fmt: skip
    return make_response(page)


@bp.post("/messages/<conversation_id>/files/<file_id>/removal")
@leads_to("messaging.conversation")
@require()
def remove_file(conversation_id: str, file_id: str) -> AnyResponse:
    with work() as uow:
        actions.remove_file(uow, conversation_id=forms.own_id(conversation_id), file_id=forms.own_id(file_id))
        talk = queries.conversation(uow.db, conversation_id, uow.actor)
    live.announce(talk.people, {"type": "removed", "conversation": talk.id, "file": file_id})
    return redirect(url_for("messaging.conversation", conversation_id=talk.id), 303)


@bp.get("/sessions/<booking_id>/room")
@require()
def room(booking_id: str) -> AnyResponse:
    """The session room, in whatever state the booking is."""
    if (group_id := _own_booking(booking_id).group_id) is not None:
        return redirect(url_for("messaging.group_room", group_id=group_id), 303)
    return _room_page(forms.own_id(booking_id))


@bp.post("/sessions/<booking_id>/room")
@require()
def enter(booking_id: str) -> AnyResponse:
    """Come in: without JavaScript, or before the room opens by itself."""
    view = _own_booking(forms.own_id(booking_id))
    with work() as uow:
        booking_actions.join_session(uow, booking_id=view.id)
    frame = {"type": "presence", "booking": view.id, "user": current_actor().user_id, "here": True}
    live.announce([view.other_party(current_actor().user_id)], frame)
    return redirect(url_for("messaging.room", booking_id=view.id), 303)


@bp.route("/groups/<group_id>/room", methods=["GET", "POST"])
@require()
def group_room(group_id: str) -> AnyResponse:
    """The room of a group session, for whoever has a seat and the consultant; pressing the button is coming in."""
    if request.method == "POST":
        with work() as uow:
            booking_actions.join_group(uow, group_id=forms.own_id(group_id))
        return redirect(url_for("messaging.group_room", group_id=group_id), 303)
    return _group_room(forms.own_id(group_id))


def _group_room(group_id: str, *, typed: forms.Typed | None = None, error: str = "") -> AnyResponse:
    me, now, conversation_id = current_actor(), utc_now(), rules.conversation_id_of_group(group_id)
    with read() as db:
        try:
            view = queries.conversation(db, conversation_id, me)
        except NotFound:  # nobody has been here yet, or it is not for the asker
            with work() as uow:
                actions.open_for_group(uow, group_id=group_id)
            view = queries.conversation(db, conversation_id, me)
        talk = _talk(db, view, typed=typed, error=error)
        group = bookings.group(db, group_id, now)
        seated = bookings.seats_of(db, group_id, now)
        faces = _faces(db, [(one, group.consultant_id) for one in talk.view.people])
    _mark_read(talk.view)
    mine = next((one for one in seated if me.user_id in (one.client_id, one.consultant_id)), None)
    page = render_template(
        "messaging/group_room.html", group=group, talk=talk, seated=seated, faces=faces, now=now, mine=mine,
        is_consultant=me.user_id == group.consultant_id, other=faces[group.consultant_id],
        names={who: say(face.name) for who, face in faces.items()}, text_length_max=rules.TEXT_LENGTH_MAX,
        opens_at=group.starts_at - ROOM_OPENS_BEFORE,
    )  # fmt: skip
    return make_response(page, 400 if error else 200)


def _conversation_page(
    conversation_id: str, *, before: int | None = None, typed: forms.Typed | None = None, error: str = ""
) -> AnyResponse:
    now, actor = utc_now(), current_actor()
    with read() as db:
        view = queries.conversation(db, conversation_id, actor)
        if view.group_id and before is None:
            return redirect(url_for("messaging.group_room", group_id=view.group_id), 303)
        talk = _talk(db, view, before=before, typed=typed, error=error)
        faces = _faces(db, [(view.client_id, view.consultant_id)])
        ahead = bookings.bookings_of(db, actor, now, upcoming=True)
    _mark_read(view)
    between = {view.client_id, view.consultant_id}
    coming = [one for one in ahead if {one.client_id, one.consultant_id} == between and one.state in rules.ROOM_IS_OPEN]
    page = render_template(
        "messaging/conversation.html", talk=talk, other=faces[view.other_party(actor.user_id)], before=before,
        coming=coming[0] if coming else None, now=now, text_length_max=rules.TEXT_LENGTH_MAX,
    )  # fmt: skip
    return make_response(page, 400 if error else 200)


def _room_page(booking_id: str, *, typed: forms.Typed | None = None, error: str = "") -> AnyResponse:
    view, me = _own_booking(booking_id), current_actor().user_id
    conversation_id = rules.conversation_id_of(view.client_id, view.consultant_id)
    talk, scene = None, _scene(view)
    shows_brief = me == view.client_id or scene != "unpaid"
    with read() as db:
        brief = bookings.brief_of(db, view, current_actor()) if shows_brief else ""
        faces = _faces(db, [(view.client_id, view.consultant_id)])
        try:
            talk = _talk(db, queries.conversation(db, conversation_id, current_actor()), typed=typed, error=error)
        except NotFound:
            if view.state in rules.MAY_TALK:  # confirmed a moment ago, and the fact is still on its way
                talk = _opened(db, view)
    if talk is not None:
        _mark_read(talk.view)
    page = render_template(
        "messaging/room.html", booking=view, brief=brief, scene=scene, talk=talk, is_client=me == view.client_id,
        other=faces[view.other_party(me)], mine=faces[me], now=view.seen_at, text_length_max=rules.TEXT_LENGTH_MAX,
        entered=view.client_joined_at if me == view.client_id else view.consultant_joined_at,
        leave_after=LEAVE_AFTER, law=faces[view.consultant_id].law,
        other_entered=view.consultant_joined_at if me == view.client_id else view.client_joined_at,
    )  # fmt: skip
    return make_response(page, 400 if error else 200)


def _scene(view: BookingView) -> str:
    """What the stage shows: unpaid, requested, early, ready, running, or how it ended."""
    if view.state in (State.HELD, State.PAID, State.EXPIRED):
        return "unpaid"
    if view.state is State.REQUESTED:
        return "requested"
    if view.state is State.CONFIRMED and view.seen_at >= view.ends_at:
        return "over"
    if view.state is State.CONFIRMED:
        return "early" if view.seen_at < view.room_opens_at else "ready"
    return "running" if view.state is State.IN_PROGRESS else str(view.state)


def _own_booking(booking_id: str) -> BookingView:
    """A booking the reader is one of the two people of. A room is for them alone, operators stay outside."""
    actor = current_actor()
    with read() as db:
        view = bookings.booking(db, forms.own_id(booking_id), actor, utc_now())
    if actor.user_id not in (view.client_id, view.consultant_id):
        raise NotFound
    return view


def _opened(db: Session, booking: BookingView) -> Talk:
    with unit_of_work() as uow:
        conversation_id = actions.open_for_booking(uow, booking_id=booking.id)
    return _talk(db, queries.conversation(db, conversation_id, current_actor()))


def _talk(
    db: Session,
    view: ConversationView,
    *,
    before: int | None = None,
    typed: forms.Typed | None = None,
    error: str = "",
) -> Talk:
    messages = queries.messages_before(db, view, before_seq=before)
    fields = catalog.bare_fields(db)
    helps = (rules.help_for(one.text, fields) for one in messages[-HELP_LOOKS_BACK:] if one.text)
    closed = accounts.are_apart(db, view.client_id, view.consultant_id)
    me = current_actor().user_id
    return Talk(
        view, messages, typed.key if typed else new_id(), typed.text if typed else "", error,
        help=next((found for found in helps if found), None), closed=closed,
        blocked=closed and accounts.has_blocked(db, me, view.other_party(me)),
    )  # fmt: skip


def _mark_read(view: ConversationView) -> None:
    """Whoever has the page has read it; the other's open screen learns it."""
    if view.read_seq_of(current_actor().user_id) >= view.last_seq:
        return
    with work() as uow:
        mark = actions.mark_read(uow, conversation_id=view.id, seq=view.last_seq)
    frame = {"type": "receipt", "conversation": view.id, "user": current_actor().user_id, "seq": mark}
    live.announce(view.others(current_actor().user_id), frame)


def _faces(db: Session, pairs: Iterable[tuple[str, str]]) -> dict[str, Face]:
    """User id → how they are shown, for the (client, consultant) pairs given. Two statements."""
    pairs = list(pairs)
    named = catalog.names_of(db, [consultant_id for _, consultant_id in pairs]) if pairs else {}
    people = accounts.people(db, {one for pair in pairs for one in pair}) if pairs else {}
    zones = {one.user_id: one.zone for one in people.values()}
    faces = dict.fromkeys({one for pair in pairs for one in pair}, NOBODY)
    faces |= {one.user_id: Face(Words(one.name, one.name), zone=one.zone) for one in people.values()}
    faces |= {
        who: Face(one.name, one.slug, one.portrait, one.verified, one.disclaimer, zones.get(who, ""))
        for who, one in named.items()
    }
    return faces
