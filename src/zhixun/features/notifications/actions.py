from __future__ import annotations

from typing import Any

from sqlalchemy import Text, cast, func, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert

from zhixun.events.notifications import HeldMailsReleased, ReminderDue
from zhixun.features.accounts import queries as accounts
from zhixun.features.booking import queries as bookings
from zhixun.features.booking.queries import BookingView
from zhixun.features.booking.rules import answer_reminded_at
from zhixun.features.catalog import queries as catalog
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import new_id

from . import queries, rules
from .models import Notice, Preference, Reminder
from .rules import Preferences


def tell(uow: UnitOfWork, *, notice_id: str, user_id: str, kind: str, subject_id: str, values: dict[str, Any]) -> bool:
    """Tell a person once, as they wish to be told; the notice's id comes from the fact. Returns whether its mail is to
    be sent now."""
    wanted = queries.preferences_of(uow.db, user_id)
    zone = accounts.person(uow.db, user_id).zone if wanted.digest or wanted.quiet_from else "UTC"
    way = rules.way_of(kind, wanted, now=uow.now, zone=zone)
    new = insert(Notice).values(
        id=notice_id, user_id=user_id, kind=kind, subject_id=subject_id, values=values, at=uow.now, shown=way.shown,
        mail_at=way.mail_at,
    )  # fmt: skip
    uow.db.execute(new.on_conflict_do_nothing())
    due = select(Notice.id).where(Notice.id == notice_id, Notice.mailed_at.is_(None), Notice.mail_at <= Notice.at)
    return uow.db.scalar(due) is not None


def note_mailed(uow: UnitOfWork, *, notice_id: str) -> None:
    """The mail of a notice, or of a bundle of them, has been handed over."""
    about = (Notice.id == notice_id) | (Notice.bundle_id == notice_id)
    uow.db.execute(update(Notice).where(about).values(mailed_at=uow.now))


def mark_all_read(uow: UnitOfWork) -> None:
    """The asker has seen all of their notices."""
    mine = (Notice.user_id == uow.actor.user_id, Notice.read_at.is_(None))
    uow.db.execute(update(Notice).where(*mine).values(read_at=uow.now))


def remind(uow: UnitOfWork) -> int:
    """State for every session that comes near that its people are to be reminded, and for every request that ends soon
    that its consultant is, once. Returns how many."""
    count = 0
    for kind, (from_, until) in rules.REMINDERS.items():
        for view in bookings.starting_between(uow.db, from_=uow.now + from_, until=uow.now + until, now=uow.now):
            if kind == "reminder_soon" or view.created_at <= view.starts_at - until - rules.FRESH:
                count += _remind_of(uow, view, kind)
    for view in bookings.requests_waiting(uow.db, uow.now):
        assert view.answer_by is not None
        if uow.now >= answer_reminded_at(view.created_at, view.answer_by):
            count += _remind_of(uow, view, rules.requests.DUE)
    return count


def _remind_of(uow: UnitOfWork, view: BookingView, kind: str) -> bool:
    new = insert(Reminder).values(booking_id=view.id, kind=kind, starts_at=view.starts_at, at=uow.now)
    first = uow.db.scalar(new.on_conflict_do_nothing().returning(Reminder.booking_id)) is not None
    if first:
        uow.emit(ReminderDue(booking_id=view.id, client_id=view.client_id, consultant_id=view.consultant_id, kind=kind))
    return first


def release_held_mails(uow: UnitOfWork) -> int:
    """Bundle the mails that have waited until now, one bundle per reader. Returns how many bundles."""
    waiting = queries.readers_of_held_mails(uow.db, uow.now)
    for user_id in waiting:
        bundle_id = new_id()
        due = (Notice.user_id == user_id, Notice.mailed_at.is_(None), Notice.bundle_id.is_(None))
        uow.db.execute(
            update(Notice)
            .where(*due, Notice.mail_at > Notice.at, Notice.mail_at <= uow.now)
            .values(bundle_id=bundle_id)
        )
        uow.emit(HeldMailsReleased(bundle_id=bundle_id, user_id=user_id))
    return len(waiting)


def prefer(uow: UnitOfWork, *, wanted: Preferences) -> None:
    """What the asker wants to be told from now on. Raises Invalid."""
    rules.check_preferences(wanted)
    _store(uow, uow.actor.user_id, wanted)


def stop_mails(uow: UnitOfWork, *, user_id: str, group: str) -> None:
    """No more mails of this group for this person. Whoever asks has shown that they hold such a mail."""
    wanted = queries.preferences_of(uow.db, user_id)
    off = wanted.off | {f"{group}:mail"}
    _store(uow, user_id, Preferences(off, wanted.quiet_from, wanted.quiet_until, wanted.digest))


def _store(uow: UnitOfWork, user_id: str, wanted: Preferences) -> None:
    values = {
        "off": sorted(wanted.off), "quiet_from": wanted.quiet_from, "quiet_until": wanted.quiet_until,
        "digest": wanted.digest,
    }  # fmt: skip
    new = insert(Preference).values(user_id=user_id, **values)
    uow.db.execute(new.on_conflict_do_update(index_elements=["user_id"], set_=values))


def forget_name(uow: UnitOfWork, person_id: str) -> int:
    """Notices of others that name this person stand without the name. Their own notices go with their other rows."""
    known = accounts.people(uow.db, [person_id]).get(person_id)
    if known is None:
        return 0
    page = catalog.name_of(uow.db, person_id)
    names = [name for name in (known.name, page.zh, page.en) if name]
    nameless = func.jsonb_set(Notice.values, cast(["other"], ARRAY(Text)), cast("", JSONB))
    other = Notice.values["other"]
    named = or_(*(said.astext.in_(names) for said in (other, other["zh"], other["en"])))
    naming = update(Notice).where(named).values(values=nameless)
    return len(uow.db.execute(naming.returning(Notice.id)).all())
