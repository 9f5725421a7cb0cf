"""What a person wishes to be told, where and when, and how they end mails without signing in."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from zhixun.kernel.errors import N_, Invalid, NotFound

from . import requests

WITHOUT_MAIL = frozenset({
    *requests.RINGING, "hand_over_answered", "hand_over_lapsed", "matter_answered", "campaign", "safety_changed", "new_device",
})  # fmt: skip
"""Told without the mail of a session: what most of them speak of should not lie in a mailbox. Those about safety have
mails of their own (safety.py)."""
MAILED_ONLY = frozenset({"link_password", "link_confirm", "link_change", "change_asked"})
"""Links, and who asked for them: not shown in the app, and mailed at once."""


@dataclass(frozen=True)
class Group:
    """Kinds of notices that a person switches on and off together."""

    label: str
    line: str
    kinds: frozenset[str]
    needed: bool = False
    """About one's own bookings and money: always told, in the app and by mail."""


GROUPS = {
    "bookings": Group(
        N_("Your bookings"), N_("Confirmed, cancelled, expired, or did not take place."),
        frozenset({"booking_confirmed", "booking_cancelled", "booking_moved", "booking_expired", "booking_refunded", *requests.SENTENCES, "dispute_opened", "dispute_answered", "dispute_decided", "missed_by_client", "missed_by_consultant"}),
        needed=True,
    ),
    "reminders": Group(
        N_("Reminders"), N_("A day before a session, and a quarter of an hour before."),
        frozenset({"reminder_day", "reminder_soon"}),
    ),
    "feedback": Group(
        N_("Feedback"), N_("When you are asked how it was, and when someone told you."),
        frozenset({"session_completed", "feedback_given", "help_asked"}),
    ),
    "after": Group(
        N_("After a session"), N_("The written summary, and the included question with its answer."),
        frozenset({"summary_written", "follow_up_asked", "follow_up_answered"}),
    ),
}  # fmt: skip
"""A kind in no group is about the house or one's safety, and always told."""
GROUP_OF = {kind: name for name, group in GROUPS.items() for kind in group.kinds}
URGENT = frozenset(
    {
        *requests.SENTENCES,
        "time_offered",
        "reminder_soon",
        "booking_cancelled",
        "missed_by_client",
        "missed_by_consultant",
    }
)
"""What would be useless in the morning: neither quiet hours nor the daily mail hold it back."""
URGENT_SAFETY = frozenset({"safety_changed", "new_device"})
REMINDERS = {
    "reminder_day": (timedelta(hours=20), timedelta(hours=24)),
    "reminder_soon": (timedelta(0), timedelta(minutes=15)),
}
"""Kind → between how long and how long before the start. Wide enough that a clock that stood still does not lose them."""
FRESH = timedelta(hours=2)
"""Who has booked so shortly before a day ahead has just been told, and needs no reminder of a day."""
DIGEST_AT = time(8, 0)
HALF_HOURS = tuple(f"{hour:02d}:{minute:02d}" for hour in range(24) for minute in (0, 30))


@dataclass(frozen=True)
class Preferences:
    """`off` holds "reminders:mail", "feedback:in_app" …; quiet hours are "HH:MM" on the reader's clock, or both empty."""

    off: frozenset[str] = frozenset()
    quiet_from: str = ""
    quiet_until: str = ""
    digest: bool = False


@dataclass(frozen=True)
class Way:
    """How one notice reaches its reader: `mail_at` is when its mail is due, None for no mail."""

    shown: bool
    mail_at: datetime | None


def way_of(kind: str, wanted: Preferences, *, now: datetime, zone: str) -> Way:
    if kind in MAILED_ONLY or kind in URGENT_SAFETY:
        return Way(kind not in MAILED_ONLY, now)
    if kind in WITHOUT_MAIL:
        return Way(True, None)
    group = GROUP_OF.get(kind)
    if group is None or GROUPS[group].needed:
        return Way(True, _mail_at(kind, wanted, now, zone))
    mail = f"{group}:mail" not in wanted.off
    return Way(f"{group}:in_app" not in wanted.off, _mail_at(kind, wanted, now, zone) if mail else None)


def _mail_at(kind: str, wanted: Preferences, now: datetime, zone: str) -> datetime:
    if kind in URGENT:
        return now
    if wanted.digest:
        return _next(DIGEST_AT, now, zone)
    if wanted.quiet_from and _is_between(wanted.quiet_from, now.astimezone(ZoneInfo(zone)), wanted.quiet_until):
        return _next(time.fromisoformat(wanted.quiet_until), now, zone)
    return now


def _is_between(begin: str, here: datetime, end: str) -> bool:
    """Whether a clock's time is in [begin, end); the hours may go over midnight."""
    at = here.strftime("%H:%M")
    return begin <= at < end if begin < end else at >= begin or at < end


def _next(at: time, now: datetime, zone: str) -> datetime:
    """The first instant after `now` when clocks in `zone` show `at`; where that is skipped, the instant they jump over it."""
    day = now.astimezone(ZoneInfo(zone)).date()
    days = (datetime.combine(day + timedelta(days=n), at, ZoneInfo(zone)).astimezone(UTC) for n in (0, 1, 2))
    return next(found for found in days if found > now)


def check_preferences(wanted: Preferences) -> None:
    """Raises Invalid."""
    hours = (wanted.quiet_from, wanted.quiet_until)
    if any(hours) and not all(one in HALF_HOURS for one in hours):
        raise Invalid(fields={"quiet_from": N_("Quiet hours have a beginning and an end.")})
    if all(hours) and wanted.quiet_from == wanted.quiet_until:
        raise Invalid(fields={"quiet_from": N_("Quiet hours end at another time than they begin.")})


def still_true(kind: str, *, state: str, starts_at: datetime, now: datetime) -> bool:
    """Whether a notice of this kind may still be told: nobody is reminded of what is cancelled, answered or has begun."""
    if kind == requests.DUE:
        return state == "requested"
    return kind not in REMINDERS or (state == "confirmed" and now < starts_at)


def stop_path(kind: str, key: str, user_id: str) -> str:
    """Where the reader of such a mail ends them; empty for kinds that are always told."""
    group = GROUP_OF.get(kind, "")
    if not group or GROUPS[group].needed:
        return ""
    return f"/notices/stop/{stop_token(key, user_id, group)}"


def stop_token(key: str, user_id: str, group: str) -> str:
    """What a mail carries so that its reader can end such mails without signing in."""
    return f"{user_id}.{group}.{_seal(key, user_id, group)}"


def read_stop_token(key: str, token: str) -> tuple[str, str]:
    """(user id, group). Raises NotFound for whatever we did not write."""
    user_id, _, rest = token.partition(".")
    group, _, seal = rest.partition(".")
    if group not in GROUPS or not hmac.compare_digest(seal.encode(), _seal(key, user_id, group).encode()):
        raise NotFound
    return user_id, group


def _seal(key: str, user_id: str, group: str) -> str:
    return hmac.new(key.encode(), f"stop-mails:{user_id}:{group}".encode(), hashlib.sha256).hexdigest()[:32]
