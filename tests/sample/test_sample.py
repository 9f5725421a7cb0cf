"""A small sample house, filled once for all tests here; then what must be true of it."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from tests import postgres
from tests.conftest import KEYS, SERVER, TEMPLATE
from zhixun import sample
from zhixun.adapters.blob_store.files import FileStore
from zhixun.adapters.key_ring.given import GivenRing
from zhixun.adapters.payment_gateway.sandbox import SandboxGateway
from zhixun.app import subscribe_all
from zhixun.features.accounts import actions as accounts
from zhixun.features.accounts import queries as account_queries
from zhixun.features.assistant import queries as assistant
from zhixun.features.booking import queries as bookings
from zhixun.features.booking.rules import ROOM_OPENS_BEFORE, State, terms_of
from zhixun.features.catalog import queries as catalog
from zhixun.features.credentials import queries as credentials
from zhixun.features.crm import queries as crm
from zhixun.features.disputes import queries as dispute_queries
from zhixun.features.disputes.rules import State as DisputeState
from zhixun.features.ledger import queries as ledger
from zhixun.features.messaging import queries as messaging
from zhixun.features.payments import actions as payments
from zhixun.features.payments.ports import PaymentGateways
from zhixun.features.payments.rules import Difference, Differs, day_bounds
from zhixun.features.payouts import queries as payouts
from zhixun.features.quality import queries as quality
from zhixun.features.scheduling import queries as scheduling
from zhixun.features.waitlist import queries as waitlist
from zhixun.kernel import database, outbox, vault
from zhixun.kernel.ports import BlobStore
from zhixun.kernel.services import provide, service
from zhixun.kernel.tables import Session, Table
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM
from zhixun.sample.books import GATEWAY, STRAY_REFERENCE
from zhixun.sample.cast import DEMO_CLIENT, DESK, EXPERTS, client_at, consultant_at
from zhixun.sample.people import listed_consultants
from zhixun.sample.plan import stories

NOW = datetime(2026, 11, 24, 9, 7, 30, tzinfo=UTC)
"""A Tuesday, shortly after 17:00 in Shanghai."""
CONSULTANTS, CLIENTS, DAYS, SEED = 8, 10, 10, 5


def _told_too_late() -> int:
    """Messages that stand after a later one."""
    query = (
        "SELECT count(*) FROM (SELECT at < lag(at) OVER (PARTITION BY conversation_id ORDER BY seq) AS bad "
        "FROM messaging_messages) told WHERE bad"
    )
    with Session() as db:
        return int(db.execute(text(query)).scalar_one())


def _quiet(sentence: str) -> None:
    pass


def _fill(now: datetime = NOW) -> None:
    sample.fill_first(seed=SEED, consultants=CONSULTANTS, say=_quiet, now=now)
    sample.fill_rest(seed=SEED, clients=CLIENTS, days=DAYS, say=_quiet, now=now)


FOR_MACHINES = {
    "assistant.handlers.index_changed",
    "behaviour.handlers.record_stated",
    "search.handlers.index_listed",
    "webhooks.handlers.tell_programs:ConsultantListed",
}
"""What follows from the sample: indexes, interests, and programs that want to hear of it."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxGateway]:
    """A database of this module's own with a small sample in it, every handler subscribed, and a sandbox beside it."""
    gateway = _sandbox(tmp_path_factory.mktemp("sandbox"))
    name = f"sample_{uuid.uuid4().hex[:12]}"  # a second process may run this module's other tests at the same time
    url = postgres.create(os.environ[SERVER], name, TEMPLATE)
    engine = database.connect(url)
    vault.unlock(GivenRing(KEYS))
    subscribe_all()
    _fill()
    yield gateway
    outbox.forget_all()
    engine.dispose()
    Session.configure(bind=None)
    postgres.drop(os.environ[SERVER], name)


@pytest.fixture(autouse=True)
def sandbox(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Each database has a sandbox of its own."""
    if "house" in request.fixturenames:
        provide(PaymentGateways, PaymentGateways({GATEWAY: request.getfixturevalue("house")}))
    else:
        _sandbox(tmp_path)


def _sandbox(folder: Path) -> SandboxGateway:
    gateway = SandboxGateway("a key for tests only", folder / "journal.jsonl")
    provide(PaymentGateways, PaymentGateways({GATEWAY: gateway}))
    provide(BlobStore, FileStore(folder / "blobs"))
    return gateway


def _counts() -> dict[str, int]:
    with Session() as db:
        return {
            name: db.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()
            for name in (*Table.metadata.tables, "procrastinate_jobs")
        }


def _planned() -> list[str]:
    clients = [client_at(place) for place in range(3, CLIENTS)]
    told = stories(seed=SEED, consultants=listed_consultants(), clients=clients, days=DAYS, now=NOW)
    return [story.booking_id for story in told]


@pytest.mark.usefixtures("house")
def test_the_books_hold() -> None:
    with Session() as db:
        checked = ledger.verify(db)
    assert checked.holds, checked.problems
    assert checked.transactions > CLIENTS


@pytest.mark.usefixtures("house")
def test_every_planned_booking_has_happened_and_they_ended_in_many_ways() -> None:
    with Session() as db:
        found = bookings.bookings_by_ids(db, _planned(), NOW)
    assert len(found) == len(_planned()) >= 20
    states = {view.state for view in found.values()}
    assert len(states & {State.COMPLETED, State.CANCELLED, State.EXPIRED, State.NO_SHOW, State.CONFIRMED}) >= 3, states


@pytest.mark.usefixtures("house")
def test_nothing_of_the_past_waits_for_the_clock() -> None:
    with Session() as db:
        assert bookings.due_by_time(db, NOW) == []
        assert bookings.due_for_release(db, NOW) == []


@pytest.mark.usefixtures("house")
def test_filling_twice_adds_nothing() -> None:
    before = _counts()
    _fill()
    assert _counts() == before


@pytest.mark.usefixtures("house")
def test_every_consultant_shown_has_a_free_time_within_two_weeks() -> None:
    with Session() as db:
        cards = catalog.consultant_cards(db)
        for card in cards:
            for service in card.services:
                free = scheduling.slots(
                    db, consultant_id=card.id, terms=terms_of(service), from_=NOW, until=NOW + timedelta(days=14),
                    now=NOW,
                )  # fmt: skip
                assert free, card.slug
    assert len(cards) == CONSULTANTS


@pytest.mark.usefixtures("house")
def test_every_demo_account_can_sign_in() -> None:
    with Session() as db:
        for account in sample.DEMO_ACCOUNTS:
            person = account_queries.person_by_email(db, account.email)
            assert person is not None
            assert account.role in person.roles
    for email in ("client@example.com", "client20@example.com", "consultant@example.com", "operator@example.com"):
        assert accounts.check_credentials(email=email, password=sample.PASSWORD)


@pytest.mark.usefixtures("house")
def test_the_demo_client_has_a_session_soon_and_two_behind_one_without_feedback() -> None:
    with Session() as db:
        ahead = bookings.bookings_of(db, DEMO_CLIENT, NOW, upcoming=True)
        behind = bookings.bookings_of(db, DEMO_CLIENT, NOW, upcoming=False)
        told = quality.feedback_given(db, [view.id for view in behind])
        talks = messaging.conversations_of(db, DEMO_CLIENT)
    assert [view.state for view in ahead] == [State.CONFIRMED]
    assert ahead[0].consultant_id == consultant_at(0).actor.user_id
    assert ahead[0].room_opens_at - NOW < ROOM_OPENS_BEFORE < ahead[0].starts_at - NOW + ROOM_OPENS_BEFORE
    assert [view.state for view in behind] == [State.COMPLETED, State.COMPLETED]
    assert len(told) == 1
    assert any(talk.last_seq for talk in talks)


@pytest.mark.usefixtures("house")
def test_the_demo_consultant_has_a_day_and_earnings() -> None:
    her = consultant_at(0).actor
    with Session() as db:
        day = bookings.day_of(db, her.user_id, from_=NOW - timedelta(hours=17), until=NOW + timedelta(hours=7), now=NOW)
        assert len(day) >= 3
        assert ledger.statement(db, her.user_id)


@pytest.mark.usefixtures("house")
def test_group_sessions_have_seats_taken_and_left_and_somebody_has_a_series() -> None:
    with Session() as db:
        groups = bookings.groups_of(db, consultant_at(0).actor.user_id, NOW)
        series = [one for one in bookings.bookings_of(db, client_at(5), NOW) if one.series_id]
    assert [one.seats_left for one in groups] == [2, 5]
    assert len(series) >= 2
    assert {one.state for one in series} == {State.CONFIRMED}


@pytest.mark.usefixtures("house")
def test_nobody_is_told_of_the_past() -> None:
    with Session() as db:
        assert db.execute(text("SELECT count(*) FROM notifications_notices")).scalar_one() == 0
        tasks = set(db.scalars(text("SELECT DISTINCT task_name FROM procrastinate_jobs")))
    assert not {one for one in tasks if one.startswith("notifications.")}
    assert tasks == FOR_MACHINES


@pytest.mark.usefixtures("house")
def test_every_queue_of_the_desk_has_something_to_do() -> None:
    """Who looks around finds work at each desk: waiting, and done, so that both can be seen."""
    with Session() as db:
        ruling = dispute_queries.disputes(db)
        assert {one.state for one in ruling} == {DisputeState.OPEN, DisputeState.RULING, DisputeState.DECIDED}
        assert [one.due_at > NOW for one in ruling if one.due_at] == [True, True]
        assert next(one for one in ruling if one.outcome).outcome == "ruled"
        claims = credentials.queue(db, EXPERTS[0], "zh")
        assert {one.checks for one in claims} == {0, 1}
        assert len(credentials.queue(db, EXPERTS[1], "zh")) == len(claims) - 1, (
            "one agreed already and waits for a second person"
        )
        assert [len(assistant.hand_overs(db, DESK, state=state)) for state in ("waiting", "answered")] == [1, 1]
        kinds = {one.kind for one in crm.matters(db, state="open", now=NOW)}
        assert kinds == {"complaint", "suggestion", "report"}
        assert [one.state for one in payouts.runs(db)] == ["proposed"]
        told = {one.state.value: crm.result_of(db, one, NOW) for one in crm.campaigns(db, DESK)}
        assert set(told) == {"draft", "done"}
        assert told["done"].chosen > 1
        assert len(waitlist.places_of(db, client_at(9).user_id, NOW)) == 1


@pytest.mark.usefixtures("house")
def test_the_sandbox_knows_of_everything_and_one_difference_is_an_example() -> None:
    days = [NOW.date() - timedelta(days=back) for back in range(1, DAYS + 1)]
    found = [one for day in days for one in _compared(day)]
    assert [(one.kind, one.reference) for one in found] == [(Differs.MISSING_HERE, STRAY_REFERENCE)]


def _compared(day: date) -> tuple[Difference, ...]:
    from_, until = day_bounds(day)
    records = service(PaymentGateways)[GATEWAY].records(from_ - timedelta(days=1), until + timedelta(days=1))
    with unit_of_work(now=NOW + timedelta(days=9)) as uow:
        return payments.reconcile(uow, gateway=GATEWAY, day=day, records=records).differences


@pytest.mark.usefixtures("house")
def test_conversations_read_in_the_order_of_time() -> None:
    assert _told_too_late() == 0


@pytest.mark.usefixtures("house")
def test_nothing_happened_later_than_now() -> None:
    later = {
        "booking_steps": "at", "booking_bookings": "created_at", "messaging_messages": "at", "quality_feedback": "at",
        "ledger_transactions": "at", "payments_charges": "at",
    }  # fmt: skip
    with Session() as db:
        for table, column in later.items():
            latest = db.execute(text(f"SELECT max({column}) FROM {table}")).scalar_one()
            assert latest <= NOW, table


def test_the_clock_finds_nothing_missing_while_the_past_is_still_being_added(db_url: str) -> None:
    """The worker makes up for its night as soon as it runs, and compares what is booked by then."""
    sample.fill_first(seed=SEED, consultants=2, say=_quiet, now=NOW)
    days = [NOW.date() - timedelta(days=back) for back in range(1, 30)]
    assert [one for day in days for one in _compared(day)] == []
    again = NOW + timedelta(days=2, minutes=3)
    sample.fill_first(seed=SEED, consultants=2, say=_quiet, now=again)
    assert [one for back in (0, 1) for one in _compared(NOW.date() + timedelta(days=back))] == []


def test_a_fill_that_is_killed_goes_on_where_it_ended(db_url: str) -> None:
    sample.fill_first(seed=SEED, consultants=4, say=_quiet, now=NOW)

    def die(sentence: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sample.fill_rest(seed=SEED, clients=6, days=DAYS, say=die, now=NOW)
    clients = [client_at(place) for place in range(3, 6)]
    planned = stories(seed=SEED, consultants=listed_consultants(), clients=clients, days=DAYS, now=NOW)
    ids = [story.booking_id for story in planned]
    with Session() as db:
        half = bookings.bookings_by_ids(db, ids, NOW)
    assert 0 < len(half) < len(ids)
    sample.fill_rest(seed=SEED, clients=6, days=DAYS, say=_quiet, now=NOW)
    with Session() as db:
        whole = bookings.bookings_by_ids(db, ids, NOW)
        assert ledger.verify(db).holds
    assert len(whole) == len(ids)
    assert all(whole[booking_id] == view for booking_id, view in half.items())


def test_the_same_seed_makes_the_same_house_and_another_makes_another(db_url: str) -> None:
    sample.fill_first(seed=SEED, consultants=4, say=_quiet, now=NOW)
    cast = listed_consultants()
    clients = [client_at(place) for place in range(12)]

    def told(seed: int) -> list[object]:
        return list(stories(seed=seed, consultants=cast, clients=clients, days=DAYS, now=NOW))

    assert told(SEED) == told(SEED)
    assert told(SEED) != told(SEED + 1)


@pytest.mark.parametrize("hour", [3, 15, 21])
def test_a_demo_begun_at_any_hour_has_its_session_soon_and_another_day_a_new_one(db_url: str, hour: int) -> None:
    began = NOW.replace(hour=hour)
    sample.fill_first(seed=SEED, consultants=2, say=_quiet, now=began)
    again = began + timedelta(days=2, minutes=3)
    sample.fill_first(seed=SEED, consultants=2, say=_quiet, now=again)
    with Session() as db:
        mine = bookings.bookings_of(db, DEMO_CLIENT, again)
        starts = sorted(view.starts_at for view in mine if view.starts_at > began)
        assert ledger.verify(db).holds
        assert bookings.booking(db, mine[0].id, SYSTEM, again).has_brief
    assert len(starts) == 2
    assert starts[0] - began < timedelta(minutes=20)
    assert starts[1] - again < timedelta(minutes=20)
    assert _told_too_late() == 0
