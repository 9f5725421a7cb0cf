"""Filling a house with sample data: first who and when, at once; then their past, which may take a few minutes."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime

from zhixun.events.catalog import ConsultantListed
from zhixun.features.accounts import actions as accounts
from zhixun.features.assistant import actions as assistant
from zhixun.features.assistant.queries import house_articles
from zhixun.features.booking import queries as bookings
from zhixun.features.catalog import actions as catalog
from zhixun.features.quality import jobs as quality_jobs
from zhixun.kernel.errors import DomainError
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import utc_now

from . import people
from .books import reconcile_history
from .cast import DEMO_ACCOUNTS, PASSWORD, TODAYS_CLIENTS, Consulting, client_at
from .demo import add_demo_sessions
from .desk import propose_payouts
from .groups import add_groups, add_series
from .history import history
from .keeping import add_matters
from .lives import Diary, live, open_diary
from .plan import Story, stories
from .plans import add_coupons, add_demo_plans, add_membership
from .quarrels import quarrels
from .queues import add_campaigns, add_queues, add_report
from .traces import leave_demo_traces, leave_traces

__all__ = ["DEMO_ACCOUNTS", "PASSWORD", "fill_first", "fill_rest"]

log = logging.getLogger(__name__)

CONSULTANTS, CLIENTS, DAYS, SEED = 64, 200, 90, 7
LOOKED_UP_AT_ONCE = 200
INDEXED_EVERY = 300
"""After so many bookings the search index learns the new ratings."""
SAID_TIMES = 10
REST_SHARE = 0.3
"""Beside others the work rests so long for each second it took."""


def fill_first(
    *, seed: int = SEED, consultants: int = CONSULTANTS, say: Callable[[str], None], now: datetime | None = None
) -> None:
    """What a first look needs: fields, demo accounts, consultants with hours, the demo accounts' own sessions.

    Takes a few seconds. Run again, it adds nothing but a new session that begins soon, when the last has passed.
    """
    at = now or utc_now()
    password_hash = accounts.hash_password(PASSWORD)
    with unit_of_work() as uow:
        catalog.put_house_fields(uow)
        assistant.put_house_articles(uow, articles=house_articles())
    people.add_demo_accounts(password_hash, at)
    new = people.add_consultants(consultants, password_hash, at)
    add_membership(at)
    add_coupons(at)
    add_demo_plans(at)
    add_demo_sessions(seed=seed, consultants=consultants, now=at)
    add_groups(at)
    add_series(at)
    if new:
        leave_demo_traces(at)
    say(f"{new} sample consultants are listed.")


def fill_rest(
    *,
    seed: int = SEED,
    clients: int = CLIENTS,
    days: int = DAYS,
    say: Callable[[str], None],
    stop: threading.Event | None = None,
    now: datetime | None = None,
) -> None:
    """The past `days` of `clients` clients with the consultants that `fill_first` listed.

    Each booking is one transaction with an id made of the seed: stopped or killed at any time, the next run goes on
    where this one ended, and a run with nothing left to do adds nothing. With `stop` the work runs beside others'
    (it rests between bookings) and ends soon after `stop` is set; without, it runs as fast as it can.
    """
    at = (now or utc_now()).replace(microsecond=0)
    people.add_clients(clients, accounts.hash_password(PASSWORD), at)
    consultants = people.listed_consultants()
    visitors = [client_at(place) for place in range(len(TODAYS_CLIENTS), max(clients, len(TODAYS_CLIENTS) + 1))]
    if not consultants:
        return
    add_matters(at)
    diary = open_diary(consultants)
    for story in _missing(quarrels(consultants, at), at):
        _live(story, diary, at)
    add_queues(consultants, at)
    add_report(consultants, at)
    planned = stories(seed=seed, consultants=consultants, clients=visitors, days=days, now=at)
    missing = _missing(planned, at)
    if missing:
        leave_traces(missing, at)
        lived = _live_all(missing, at, say, stop)
        _index_again(consultants)
        quality_jobs.learn()
        propose_payouts(seed=seed, now=at)
        add_campaigns(at)
        reconcile_history(at, days=days)
        say(f"{lived} of {len(missing)} sample bookings are in the books.")


def _live_all(missing: Sequence[Story], now: datetime, say: Callable[[str], None], stop: threading.Event | None) -> int:
    lived, told = 0, max(1, len(missing) // SAID_TIMES)
    diary = open_diary(people.listed_consultants())
    for number, story in enumerate(missing, 1):
        began = time.monotonic()
        lived += _live(story, diary, now)
        if number % told == 0:
            say(f"Sample history: {number} of {len(missing)} bookings.")
        if number % INDEXED_EVERY == 0:
            _index_again(list({one.consultant.place: one.consultant for one in missing[:number]}.values()))
        if stop is not None and stop.wait((time.monotonic() - began) * REST_SHARE):
            break
    return lived


def _live(story: Story, diary: Diary, now: datetime) -> bool:
    """One booking, whole or not at all. A refusal (someone real took the time) ends this story, not the others."""
    try:
        with history(now) as uow:
            return live(uow, story, diary, now=now)
    except DomainError as refusal:
        log.info("a sample booking could not be made: %s", refusal)
        return False


def _missing(planned: Sequence[Story], now: datetime) -> list[Story]:
    known: set[str] = set()
    with Session() as db:
        for first in range(0, len(planned), LOOKED_UP_AT_ONCE):
            ids = [story.booking_id for story in planned[first : first + LOOKED_UP_AT_ONCE]]
            known |= bookings.bookings_by_ids(db, ids, now).keys()
    return [story for story in planned if story.booking_id not in known]


def _index_again(consultants: Sequence[Consulting]) -> None:
    """The search index sorts by ratings; the facts of the past feedback were not told, so tell it once for all."""
    with unit_of_work() as uow:
        for one in consultants:
            uow.emit(ConsultantListed(consultant_id=one.actor.user_id))
