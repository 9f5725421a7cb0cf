from zhixun.events.booking import (
    BookingCancelled,
    BookingConfirmed,
    BookingFact,
    BookingMoved,
    BookingRequested,
    SessionBegan,
    SessionCompleted,
    SessionMissed,
)
from zhixun.events.messaging import FileRemoved
from zhixun.kernel.ports import BlobStore
from zhixun.kernel.services import service
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.web import live

from . import actions


def open_when_confirmed(event: BookingConfirmed) -> None:
    with unit_of_work() as uow:
        actions.open_conversation(uow, client_id=event.client_id, consultant_id=event.consultant_id)
    _notice(event, "confirmed")


def show_requested(event: BookingRequested) -> None:
    _notice(event, "requested")


def show_began(event: SessionBegan) -> None:
    _notice(event, "in_progress")


def show_completed(event: SessionCompleted) -> None:
    _notice(event, "completed")


def show_cancelled(event: BookingCancelled) -> None:
    _notice(event, "cancelled")


def forget_file(event: FileRemoved) -> None:
    service(BlobStore).delete(event.file_id)


def show_moved(event: BookingMoved) -> None:
    _notice(event, "moved")


def show_missed(event: SessionMissed) -> None:
    _notice(event, "no_show")


def _notice(event: BookingFact, state: str) -> None:
    """Tell the open screens of both that the booking has moved on; whoever misses it sees it on the next page."""
    live.announce(
        [event.client_id, event.consultant_id], {"type": "notice", "booking": event.booking_id, "state": state}
    )
