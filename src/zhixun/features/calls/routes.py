"""The test of one's devices, how browsers find each other, and who was there."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, render_template

from zhixun.features.booking.queries import BookingView
from zhixun.kernel.errors import NotFound
from zhixun.kernel.services import service
from zhixun.kernel.values import is_id, utc_now
from zhixun.web.security import current_actor, read, require

from . import queries, rules
from .actions import RoomClosed
from .ports import IceServers

bp = Blueprint("calls", __name__, template_folder="templates")


@bp.get("/sessions/<booking_id>/devices")
@require()
def devices(booking_id: str) -> str:
    """Camera, microphone, loudspeaker and the way to the relay, tried before the session."""
    booking = _own(booking_id)
    if booking.state not in rules.CALL_IS_OPEN or booking.channel not in rules.CHANNELS_WITH_CALL:
        raise NotFound
    return render_template("calls/devices.html", booking=booking, now=booking.seen_at)


@bp.get("/sessions/<booking_id>/call")
@require()
def call(booking_id: str) -> Response:
    """What the browser of one of the two needs to begin a call; fetched by the room's script when it does."""
    booking = _own(booking_id)
    if booking.state not in rules.CALL_IS_OPEN:
        raise RoomClosed
    servers = service(IceServers)
    found = [
        {"urls": list(one.urls)} | ({"username": one.username, "credential": one.credential} if one.username else {})
        for one in servers.for_person(current_actor().user_id, utc_now())
    ]
    return jsonify(
        ice_servers=found, relay_only=servers.relay_only, polite=current_actor().user_id == booking.client_id
    )


def attendance_panel(booking: BookingView) -> str:
    """Who was there and for how long, on the page of a session; nothing while nobody has come."""
    with read() as db:
        seen = queries.presences_of(db, booking.id)
    if not seen or current_actor().user_id not in (booking.client_id, booking.consultant_id):
        return ""
    found = queries.attendance_from(seen, booking)
    people = ((booking.client_id, found.client), (booking.consultant_id, found.consultant))
    return render_template("calls/attendance.html", booking=booking, found=found, people=people)


def _own(booking_id: str) -> BookingView:
    if not is_id(booking_id):
        raise NotFound
    with read() as db:
        return queries.own_booking(db, booking_id, current_actor(), utc_now())
