"""The states of a booking, the exit by time from each, and what a cancellation gives back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from zhixun.features.scheduling.rules import terms_of as terms_of
from zhixun.kernel.errors import N_, Invalid
from zhixun.kernel.values import Money, plain_text

HOLD = timedelta(minutes=15)
HOLDS_MAX = 5
"""Unpaid holds one client may have at once, so that nobody can block a calendar."""
REQUESTS_MAX, REQUESTS_SECONDS = 60, 600
"""How often one person may ask for a time, so that holding and letting go cannot block a calendar either."""
SERIES_REQUESTS_MAX, SERIES_REQUESTS_SECONDS = 12, 600
"""How often one person may ask for a series: each keeps up to twelve times for a quarter of an hour."""
SEATS_MIN, SEATS_MAX = 2, 30
"""How many seats a group session has."""
DECIDE_HOURS_MIN, DECIDE_HOURS_MAX, DECIDE_HOURS_USUAL = 1, 168, 24
"""So long before its start it is decided whether a group session takes place."""
GROUPS_AHEAD_MAX = 40
"""How many group sessions one consultant may have set."""
ROOM_OPENS_BEFORE = timedelta(minutes=10)
NO_SHOW_AFTER = timedelta(minutes=15)
"""Who is not there so long after the start did not come."""
ANSWER_WITHIN, ANSWER_BEFORE = timedelta(hours=24), timedelta(hours=2)
"""A request waits so long for the consultant's answer, and never later than so long before its start."""
ANSWER_REMINDED = (timedelta(hours=4), timedelta(minutes=30))
"""So long before a request ends the consultant is reminded: the first where they had twice as long, else the second."""
LEAVE_AFTER = timedelta(minutes=10)
"""Who has waited so long for the other may leave, and it counts as the other's absence."""
MOVE_UNTIL = timedelta(hours=2)
"""A client may move a session until so long before it; from then on the consultant's time is spent either way."""
MOVES_MAX = 3
"""How often a client may move one booking."""
SECOND_THOUGHTS = timedelta(hours=24)
"""After a consultant has moved a session, the client has at least so long to cancel it and get everything back."""
EARLY_START = timedelta(minutes=15)
"""A session may start so long before its time at most: what was agreed on is the time, and what is owed is counted from it."""
EARLY_PRESENCE = timedelta(minutes=15)
"""A session may start early only with a client who came into the room no longer ago than this."""
RELEASE_AFTER = timedelta(hours=48)
"""How long after completion the money waits for a dispute before the consultant has it."""
CLOCK_LATE_MAX = timedelta(minutes=15)
"""Past its time by more than this, a booking that has not moved needs a person to look."""
BRIEF_LENGTH_MAX = 4_000
COURTESY_FOR = frozenset({"consultant", "consultant_no_show"})
"""Who is to blame for what goes back, where the client has a courtesy of the house besides."""


class State(StrEnum):
    HELD = "held"
    PAID = "paid"
    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    NO_SHOW = "no_show"


NEXT: dict[State, frozenset[State]] = {
    State.HELD: frozenset({State.PAID, State.EXPIRED, State.CANCELLED}),
    State.PAID: frozenset({State.REQUESTED, State.CONFIRMED, State.CANCELLED}),
    State.REQUESTED: frozenset({State.CONFIRMED, State.CANCELLED}),  # the consultant's yes, or the money back
    State.CONFIRMED: frozenset(
        {State.CONFIRMED, State.IN_PROGRESS, State.CANCELLED, State.NO_SHOW}
    ),  # itself: another time
    State.IN_PROGRESS: frozenset({State.COMPLETED}),
    State.COMPLETED: frozenset(),
    State.CANCELLED: frozenset(),
    State.EXPIRED: frozenset({State.PAID, State.CANCELLED}),  # paid too late: the time again, or the money back
    State.NO_SHOW: frozenset(),
}

REFUNDABLE = (State.COMPLETED, State.NO_SHOW, State.CANCELLED)
"""What has ended: before that the way is to cancel, which has its own table of what comes back."""
REASON_LENGTH_MIN, REASON_LENGTH_MAX = 5, 500
UPCOMING = (State.HELD, State.PAID, State.REQUESTED, State.CONFIRMED, State.IN_PROGRESS)

CANCELLABLE = (State.HELD, State.REQUESTED, State.CONFIRMED)
STILL_TO_COME = (State.HELD, State.PAID, State.REQUESTED, State.CONFIRMED)


def may_become(current: State, wanted: State) -> bool:
    return wanted in NEXT[current]


@dataclass(frozen=True)
class TimedExit:
    """Where silence leads: at `at`, a booking in this state becomes `to`."""

    at: datetime
    to: State


def has_come(joined_at: datetime | None, *, starts_at: datetime) -> bool:
    """Whether someone came to the session. A look into the room days before is no attendance."""
    return joined_at is not None and joined_at >= starts_at - ROOM_OPENS_BEFORE


def exit_by_time(
    state: State,
    *,
    hold_expires_at: datetime,
    starts_at: datetime,
    ends_at: datetime,
    both_came: bool,
    answer_by: datetime | None = None,
) -> TimedExit | None:
    """The exit by time; None for states that are final. EXPIRED waits for nothing: it only forgives late money.

    PAID is passed through within one transaction; its exit is there in case that ever changes.
    """
    if state is State.HELD:
        return TimedExit(hold_expires_at, State.EXPIRED)
    if state is State.PAID:
        return TimedExit(hold_expires_at, State.CANCELLED)
    if state is State.REQUESTED:
        assert answer_by is not None
        return TimedExit(answer_by, State.CANCELLED)
    if state is State.CONFIRMED:
        if both_came:
            return TimedExit(starts_at, State.IN_PROGRESS)
        return TimedExit(min(starts_at + NO_SHOW_AFTER, ends_at), State.NO_SHOW)
    if state is State.IN_PROGRESS:
        return TimedExit(ends_at, State.COMPLETED)
    return None


def answer_by(asked_at: datetime, *, starts_at: datetime) -> datetime:
    """Until when a request may be answered; not after `asked_at` where it comes too late to be asked at all."""
    return min(asked_at + ANSWER_WITHIN, starts_at - ANSWER_BEFORE)


def answer_reminded_at(asked_at: datetime, answer_by: datetime) -> datetime:
    """When the consultant is reminded that a request waits. Who has little time is reminded shortly before the end."""
    early, late = ANSWER_REMINDED
    return answer_by - (early if answer_by - asked_at >= 2 * early else late)


@dataclass(frozen=True)
class RefundStep:
    """Cancelled at least `hours_before` the start, this share of the price comes back."""

    hours_before: int
    refund_bps: int


CLIENT_CANCELS: tuple[RefundStep, ...] = (RefundStep(24, 10_000), RefundStep(2, 5_000), RefundStep(0, 0))


@dataclass(frozen=True)
class LadderStep:
    """One sentence of the policy with its date: cancel before `until` and `refund` comes back. The last has no date."""

    until: datetime | None
    refund_bps: int
    refund: Money


def ladder(
    *,
    starts_at: datetime,
    price: Money,
    policy: Sequence[RefundStep] = CLIENT_CANCELS,
    moved_to: datetime | None = None,
    free_until: datetime | None = None,
) -> list[LadderStep]:
    """The policy as dates and amounts for one booking. What is shown before paying and what decides are this table.

    Its dates count from `starts_at`, the start first booked, wherever the session has been moved since: `moved_to` only
    ends the steps that would outlive the session. Until `free_until` everything comes back, where that is later.
    """
    steps = []
    for step in policy:
        until = starts_at - timedelta(hours=step.hours_before) if step.hours_before else None
        if until and moved_to:
            until = min(until, moved_to)
        if until and free_until and until <= free_until and step.refund_bps < 10_000:
            continue
        if until and free_until and step.refund_bps == 10_000:
            until = max(until, free_until)
        steps.append(LadderStep(until, step.refund_bps, price.share_bps(step.refund_bps)))
    return steps


def refund_bps_at(
    now: datetime, *, starts_at: datetime, policy: Sequence[RefundStep], free_until: datetime | None = None
) -> int:
    """The share that comes back when the client cancels now. On the very second of a step, the better one counts.

    `starts_at` is the start first booked: moving a session starts no new clock. `free_until` is set where the
    consultant moved it: until then everything comes back.
    """
    if free_until is not None and now <= free_until:
        return 10_000
    for step in policy:
        if starts_at - now >= timedelta(hours=step.hours_before):
            return step.refund_bps
    return 0


def free_after_move(now: datetime, *, starts_at: datetime) -> datetime:
    """Until when a client whose session the consultant has just moved to `starts_at` may cancel and get everything
    back: a day before it as ever, a day from now at least, and never beyond the start."""
    return min(max(starts_at - timedelta(hours=24), now + SECOND_THOUGHTS), starts_at)


def stored_policy(policy: Sequence[RefundStep]) -> list[dict[str, Any]]:
    """The policy as it is frozen into a booking."""
    return [{"hours_before": step.hours_before, "refund_bps": step.refund_bps} for step in policy]


def read_policy(stored: Sequence[dict[str, Any]]) -> tuple[RefundStep, ...]:
    return tuple(RefundStep(step["hours_before"], step["refund_bps"]) for step in stored)


DAYS_OFF_MAX = 30
"""For how many days at most a consultant may call everything off with one button."""


def days_off(today: date, until: date) -> list[date]:
    """The days from today up to and with `until`. Raises Invalid."""
    if not today <= until < today + timedelta(days=DAYS_OFF_MAX):
        raise Invalid(fields={"until": N_("Please choose today or one of the 29 days after it.")})
    return [today + timedelta(days=number) for number in range((until - today).days + 1)]


def clean_reason(reason: str) -> str:
    """Why money goes back, as it will be read by whoever looks at the order later. Raises Invalid."""
    text = plain_text(reason)
    if not REASON_LENGTH_MIN <= len(text) <= REASON_LENGTH_MAX:
        raise Invalid(fields={"reason": N_("Please say why, in 5 to 500 characters.")})
    return text


def clean_brief(brief: str) -> str:
    text = plain_text(brief)
    if len(text) > BRIEF_LENGTH_MAX:
        raise Invalid(fields={"brief": N_("Please keep it under 4,000 characters.")})
    return text
