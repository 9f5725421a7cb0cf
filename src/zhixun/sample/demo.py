"""What the demo accounts find: a session that begins in a few minutes, two past ones, and a consultant's day."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from zhixun.features.booking import queries as bookings
from zhixun.features.booking.queries import BookingView
from zhixun.features.booking.rules import State
from zhixun.features.instant import actions as instant
from zhixun.features.scheduling import actions as scheduling
from zhixun.kernel.tables import Session

from .cast import DEMO_CLIENT, TODAYS_CLIENTS, client_at, consultant_at
from .history import acting, history
from .lives import ask, live, open_diary
from .people import ON_REQUEST
from .plan import Answers, Fate, Story
from .words import HOURS, id_of

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ASKING_CLIENT, AVAILABLE_EVERY = 5, 3
SOON = 4 * MINUTE
PLEASED = Answers(
    {"accuracy": 5, "clarity": 5, "actionable": 5, "boundaries": 4, "punctual": 5}, 10, "yes", "good", True
)
ALL_DAY = (("00:00", "24:00"),)


def add_demo_sessions(*, seed: int, consultants: int, now: datetime) -> None:
    """The sessions of the demo accounts, each once; the one that begins soon anew when the last has passed.

    What lies behind the two comes first, so that their conversation reads in the order of time.
    """
    for story in _past_of_client(seed, consultants, now):
        _live(story, now)
    if not _has_session_ahead(now):
        _open_late(now)
        _live(_story(f"soon:{now:%Y-%m-%dT%H:%M}", place=0, wanted=now + SOON, lead=26 * HOUR, service=2), now)
    for story in _day_of_consultant(seed, now):
        _live(story, now)
    _ask(_request(seed, now), now)
    _make_available(consultants, now)


def _has_session_ahead(now: datetime) -> bool:
    with Session() as db:
        ahead = bookings.bookings_of(db, DEMO_CLIENT, now, upcoming=True)
    return any(_waits(view, now) for view in ahead)


def _waits(view: BookingView, now: datetime) -> bool:
    theirs = view.consultant_id == consultant_at(0).actor.user_id
    return theirs and view.state in (State.CONFIRMED, State.IN_PROGRESS) and view.ends_at > now


def _open_late(now: datetime) -> None:
    """A demo begun at night still has its session soon: the consultant works through that night."""
    consultant = consultant_at(0)
    local = now.astimezone(ZoneInfo(consultant.profile.zone))
    opens = int(HOURS[consultant.profile.hours][0].start[:2])
    if opens <= local.hour < 21:
        return
    with history(now) as uow:
        for day in {local.date(), (local + 3 * HOUR).date()}:
            scheduling.set_override(uow, consultant_id=consultant.actor.user_id, day=day, openings=ALL_DAY)


def _past_of_client(seed: int, consultants: int, now: datetime) -> list[Story]:
    """One three weeks ago with feedback, one of yesterday whose feedback is still open."""
    other = min(1, consultants - 1)
    return [
        _story(f"past:{seed}", place=0, wanted=now - timedelta(days=21), lead=50 * HOUR, service=1, answers=PLEASED),
        _story(f"yesterday:{seed}", place=other, wanted=now - 30 * HOUR, lead=40 * HOUR, service=0),
    ]


def _day_of_consultant(seed: int, now: datetime) -> list[Story]:
    """One session a little while ago, and two later on."""
    moments = (now - 4 * HOUR, now + 2 * HOUR, now + 5 * HOUR)
    return [
        _story(f"day:{seed}:{number}", place=0, wanted=wanted, lead=(20 + 9 * number) * HOUR, service=0, client=number)
        for number, wanted in zip(TODAYS_CLIENTS, moments, strict=True)
    ]


def _make_available(consultants: int, now: datetime) -> None:
    """Every third consultant is there for instant questions through the day."""
    for place in range(0, consultants, AVAILABLE_EVERY):
        with history(now) as uow:
            instant.make_available(acting(uow, consultant_at(place).actor, now), until=now + 11 * HOUR)


def _request(seed: int, now: datetime) -> Story:
    """Someone asked the demo consultant two hours ago for a time in three days."""
    wanted = now + timedelta(days=3)
    return _story(f"request:{seed}", place=0, wanted=wanted, lead=74 * HOUR, service=ON_REQUEST, client=ASKING_CLIENT)


def _story(
    name: str,
    *,
    place: int,
    wanted: datetime,
    lead: timedelta,
    service: int,
    client: int | None = None,
    answers: Answers | None = None,
) -> Story:
    consultant = consultant_at(place)
    return Story(
        booking_id=id_of("demo", name),
        client=DEMO_CLIENT if client is None else client_at(client),
        consultant=consultant,
        service_number=service,
        topic_id=consultant.profile.topic_ids[0 if client is None else 1 + client % 2],
        wanted=wanted,
        lead=lead,
        fate=Fate.COMPLETED,
        answers=answers,
        among=1,
    )


def _ask(story: Story, now: datetime) -> None:
    with history(now) as uow:
        if not bookings.bookings_by_ids(uow.db, [story.booking_id], now):
            ask(uow, story, open_diary([story.consultant]), now=now)


def _live(story: Story, now: datetime) -> None:
    with history(now) as uow:
        if not bookings.bookings_by_ids(uow.db, [story.booking_id], now):
            live(uow, story, open_diary([story.consultant]), now=now)
