"""Every handler survives being delivered twice: a whole life of bookings is told to each of them again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests import make
from zhixun.app import FEATURES, fulfil_ports, subscribe_all
from zhixun.events.crm import CampaignSent
from zhixun.events.payouts import PayoutMade
from zhixun.features.accounts import actions as accounts
from zhixun.features.accounts.actions import telling
from zhixun.features.assistant import actions as assistant
from zhixun.features.assistant.queries import house_articles
from zhixun.features.behaviour import actions as behaviour
from zhixun.features.behaviour.rules import Interaction
from zhixun.features.booking import actions as bookings
from zhixun.features.booking.ports import CalendarCopies, Place
from zhixun.features.catalog import actions as catalog
from zhixun.features.credentials import actions as credentials
from zhixun.features.credentials.rules import Proof, Wish
from zhixun.features.credentials.rules.scans import PDF, Scan
from zhixun.features.crm import actions as crm
from zhixun.features.disputes import actions as disputes
from zhixun.features.instant import actions as instant
from zhixun.features.messaging import actions as messaging
from zhixun.features.messaging.rules.files import checked
from zhixun.features.notifications import actions as notices
from zhixun.features.notifications.ports import Mail, Mailer
from zhixun.features.notifications.rules import Preferences
from zhixun.features.payments import actions as payments
from zhixun.features.payments.ports import Capture
from zhixun.features.plans import actions as plans
from zhixun.features.privacy import actions as privacy
from zhixun.features.quality import actions as quality
from zhixun.features.scheduling import actions as scheduling
from zhixun.features.scheduling.ports import BusyCalendars, Source
from zhixun.features.scheduling.rules import Login, Stretch
from zhixun.features.waitlist import actions as waitlist
from zhixun.features.waitlist.rules import Wish as TimeWish
from zhixun.features.webhooks import actions as webhooks
from zhixun.features.webhooks.ports import Outcome, Parcel, WebhookSender
from zhixun.features.webhooks.rules import KINDS
from zhixun.kernel import outbox, services
from zhixun.kernel.event import Event
from zhixun.kernel.tables import Session, Table
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, Money, new_id
from zhixun.settings import Settings

NOW = make.NOW
HOUR = timedelta(hours=1)


class Post:
    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(self, mail: Mail) -> None:
        self.sent.append(mail.message_id)


class Program:
    """Another program that hears every fact."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def send(self, parcel: Parcel) -> Outcome:
        self.heard.append(parcel.delivery_id)
        return Outcome(200)

    def secret(self, endpoint_id: str, version: int) -> str:
        return ""


class Diary:
    """A calendar kept elsewhere with one entry."""

    def read(self, source: Source, *, from_: datetime, until: datetime) -> list[Stretch]:
        return [Stretch(NOW + HOUR, NOW + 2 * HOUR)]


class Copies:
    """A calendar kept elsewhere that is written into."""

    def put(self, place: Place, *, name: str, uid: str, text: bytes) -> None:
        pass

    def remove(self, place: Place, *, name: str, uid: str) -> None:
        pass


@pytest.fixture
def facts(db_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """Every fact that is stated, in its order; nothing is delivered but by the test."""
    monkeypatch.setattr(services, "_adapters", dict(services._adapters))
    fulfil_ports(Settings(data_dir=tmp_path, secret_key="for tests only"), db_url)
    subscribe_all()
    stated: list[Event] = []
    monkeypatch.setattr(outbox, "store", lambda db, facts: stated.extend(facts))
    monkeypatch.setattr("zhixun.kernel.unit_of_work.utc_now", lambda: NOW)
    yield stated
    outbox.forget_all()


def everything() -> dict[str, list[tuple]]:
    """Every row of every table."""
    with Session() as db:
        return {
            table.name: [tuple(row) for row in db.execute(sa.select(table).order_by(*table.primary_key.columns))]
            for table in Table.metadata.sorted_tables
        }


def live() -> None:
    """Bookings that end in every way, with all that belongs to them."""
    with unit_of_work(now=NOW) as uow:
        webhooks.put_endpoint(
            make.acting(uow, make.operator(uow)), endpoint_id=new_id(), url="https://crm.example.com/", description="",
            kinds=list(KINDS),
        )  # fmt: skip
        ada, grace = make.client(uow), make.consultant(uow)
        privacy.give_consent(uow, user_id=ada.user_id, purpose="behaviour")
        slots = [make.slot(uow, grace, number=n) for n in range(8, 15)]
        ends = [make.paid_booking(uow, client=ada, consultant=grace, start=start) for start in slots[:3]]
        done = make.completed_booking(uow, client=ada, consultant=grace, start=slots[3])
    with unit_of_work(now=NOW) as uow:
        unpaid = make.held_booking(uow, client=ada, consultant=grace, start=slots[4])
        twice = make.held_booking(uow, client=ada, consultant=grace, start=slots[5])
        make.pay(uow, twice)
        make.pay(uow, twice, charge=f"again-{twice}")
    with unit_of_work(now=slots[3] + HOUR) as uow:
        make.feedback(uow, done, client=ada, words="Clear.")
        told = "What was found, what was agreed, and what comes next: sleep over it."
        quality.write_summary(make.acting(uow, grace.actor), booking_id=done, text=told)
        quality.ask_follow_up(make.acting(uow, ada), booking_id=done, question="And then?")
        quality.answer_follow_up(make.acting(uow, grace.actor), booking_id=done, answer="Then we see.")
        crm.ask_whether_it_helped(uow, booking_id=done)
        matter_id = crm.file_matter(
            make.acting(uow, ada), matter_id=new_id(), kind="complaint", text="It was too short."
        )
        crm.answer_matter(uow, matter_id=matter_id, answer="We are sorry.")
        uow.emit(
            CampaignSent(campaign_id=new_id(), person_id=ada.user_id, text_zh="回来", text_en="Come back", code="BACK")
        )  # fmt: skip
        uow.emit(PayoutMade(run_id=new_id(), consultant_id=grace.id, amount_minor=42_240, currency="CNY"))
    dispute(ada, grace, done, at=slots[3] + 2 * HOUR)
    with unit_of_work(now=NOW) as uow:
        bookings.reschedule_booking(make.acting(uow, ada), booking_id=ends[2], start=slots[6])
        bookings.cancel_booking(make.acting(uow, grace.actor), booking_id=ends[0])
        bookings.pass_time(make.acting(uow, uow.actor, now=NOW + HOUR), booking_id=unpaid)
        bookings.pass_time(make.acting(uow, uow.actor, now=slots[1] + HOUR), booking_id=ends[1])
    with unit_of_work(now=NOW) as uow:
        talk = messaging.open_conversation(uow, client_id=ada.user_id, consultant_id=grace.id)
        messaging.send_message(make.acting(uow, ada), conversation_id=talk, key=new_id(), text="Hello")
    answer(ada)
    ask_now(ada)
    guard(ada)
    watch(ada)
    plan_life(ada, grace)
    wait(ada)
    with unit_of_work(now=NOW) as uow:
        notices.prefer(make.acting(uow, ada), wanted=Preferences(digest=True))
        notices.tell(
            uow, notice_id=new_id(), user_id=ada.user_id, kind="feedback_given", subject_id=ends[2],
            values={"title": {}, "other": "Grace"},
        )  # fmt: skip
        notices.prefer(make.acting(uow, ada), wanted=Preferences())
        notices.release_held_mails(make.acting(uow, uow.actor, now=NOW + 24 * HOUR))
        notices.remind(make.acting(uow, uow.actor, now=slots[6] - 23 * HOUR))
    with unit_of_work(now=NOW) as uow:
        note = checked("note.txt", b"Hello")
        line = messaging.send_message(make.acting(uow, ada), conversation_id=talk, key=new_id(), text="", files=[note])
        messaging.remove_file(make.acting(uow, ada), conversation_id=talk, file_id=line.files[0].id)
    with unit_of_work(now=NOW) as uow:
        scheduling.add_busy_calendar(
            make.acting(uow, grace.actor),
            calendar_id=new_id(),
            name="Work",
            address="https://calendar.example.com/a/",
            login=Login("grace", "an app password"),
            writes=True,
        )
        gone = make.consultant(uow, "Hopper")
        catalog.unlist_consultant(uow, consultant_id=gone.id)
        uow.db.flush()
        catalog.put_photo(make.acting(uow, gone.actor), photo_id=new_id())
        catalog.remove_photo(make.acting(uow, gone.actor))
    with unit_of_work(now=NOW) as uow:
        assistant.put_house_articles(uow, articles=house_articles()[:2])
        talk = new_id()
        asked = assistant.ask_person(
            make.acting(uow, ada), hand_over_id=new_id(), talk_id=talk, note="A person, please"
        )
    with unit_of_work(now=NOW) as uow:
        olga = make.operator(uow)
        assistant.answer_hand_over(make.acting(uow, olga), hand_over_id=asked, text="Here I am.")
    with unit_of_work(now=NOW) as uow:
        proof = Proof("licence", "1310120", "A bureau", date(2020, 1, 1), NOW.date() + timedelta(days=20), "")
        claim = credentials.submit_claim(make.acting(uow, grace.actor), claim_id=new_id(), proof=proof)
        taken = credentials.submit_claim(
            make.acting(uow, grace.actor), claim_id=new_id(), proof=proof, scans=[Scan(PDF, b"%PDF-1.7")]
        )
        uow.db.flush()
        credentials.withdraw_claim(make.acting(uow, grace.actor), claim_id=taken)
        wish = Wish(
            "career", "Coach", "I help with offers", "Ten years of hiring people.", "Shanghai", 9, 30_000, ("offers",)
        )
        applied = credentials.apply(make.acting(uow, ada), application_id=new_id(), wish=wish)
        uow.db.flush()
        for name in ("Rosa", "Max"):
            credentials.agree(make.acting(uow, make.person(uow, name, roles=("reviewer",))), claim_id=claim)
        credentials.accept_application(make.acting(uow, olga), application_id=applied)
        uow.db.flush()
        credentials.tell_expiring(uow)
    with unit_of_work(now=NOW) as uow:
        carl = make.client(uow, "Carl")
        privacy.erase_person(make.acting(uow, carl), person_id=carl.user_id)


def dispute(ada: Actor, grace: make.ConsultantMade, booking_id: str, *, at: datetime) -> None:
    """Ada asks for money back, Grace does not agree, and nobody says more."""
    words, name = "There was no sound for half an hour.", new_id()
    with unit_of_work(ada, now=at) as uow:
        disputes.open_dispute(uow, dispute_id=name, booking_id=booking_id, reason="technical", words=words)
    with unit_of_work(grace.actor, now=at + HOUR) as uow:
        disputes.answer_dispute(uow, statement_id=new_id(), dispute_id=name, words=words, agrees=False)
    with unit_of_work(now=at + 30 * 24 * HOUR) as uow:
        disputes.pass_time(uow, dispute_id=name)


def answer(ada: Actor) -> None:
    """Ada asks someone who accepts first: for a time they can take, and for one they cannot."""
    with unit_of_work(now=NOW) as uow:
        rosa = make.consultant(uow, "Rosalind")
        catalog.ask_first(make.acting(uow, rosa.actor), service_id=rosa.service_id, on_request=True)
        uow.db.flush()
        asked = [
            make.paid_booking(uow, client=ada, consultant=rosa, start=make.slot(uow, rosa, number=n)) for n in (8, 9)
        ]
    with unit_of_work(rosa.actor, now=NOW) as uow:
        bookings.accept_request(uow, booking_id=asked[0])
        bookings.decline_request(uow, booking_id=asked[1], reason="I am at a hearing.")
        bookings.call_off_days(uow, days_off_id=new_id(), until=NOW.date())


def ask_now(ada: Actor) -> None:
    """Ada asks twice: somebody answers, and nobody does."""
    with unit_of_work(now=NOW) as uow:
        emmy = make.consultant(uow, "Emmy")
        uow.db.flush()
        instant.make_available(make.acting(uow, emmy.actor), until=NOW + 2 * HOUR)
    for answered in (False, True):
        with unit_of_work(ada, now=NOW) as uow:
            asked = instant.ask_now(
                uow, call_id=new_id(), question="What now?", field_id="career", channel="video", minutes=60
            )  # fmt: skip
        with unit_of_work(now=NOW) as uow:
            payments.settle(uow, gateway="sandbox", capture=Capture(asked.payment_id, asked.id, asked.amount))
            instant.ring_if_paid(uow, call_id=asked.id)
        with unit_of_work(emmy.actor, now=NOW) as uow:
            if answered:
                instant.accept_call(uow, call_id=asked.id)
            else:
                instant.pass_call(uow, call_id=asked.id)


def watch(ada: Actor) -> None:
    """Ada looks at a page; Bob did too, and took his consent back."""
    for who in (ada, None):
        with unit_of_work(now=NOW) as uow:
            seen = who or make.client(uow, "Bob")
            privacy.give_consent(uow, user_id=seen.user_id, purpose="behaviour")
            told = [Interaction(new_id(), "view", "page:/consultants", NOW)]
            behaviour.state_interactions(make.acting(uow, seen), interactions=told)
            if who is None:
                privacy.withdraw_consent(uow, user_id=seen.user_id, purpose="behaviour")


def wait(ada: Actor) -> None:
    """Ada waits for someone without hours, who then opens a day."""
    with unit_of_work(now=NOW) as uow:
        ida = make.consultant(uow, "Ida", hours=())
        wish = TimeWish(None, "any", "Asia/Shanghai")
        waitlist.join(make.acting(uow, ada), place_id=new_id(), service_id=ida.service_id, wish=wish)
        opened = (NOW + timedelta(days=2)).date()
        scheduling.set_override(uow, consultant_id=ida.id, day=opened, openings=[("10:00", "11:00")])
        waitlist.pass_on(uow, consultant_id=ida.id)


def plan_life(ada: Actor, grace: make.ConsultantMade) -> None:
    """A package bought; a month of a membership that is collected, and one that is refused."""
    with unit_of_work(now=NOW) as uow:
        make.pay_order(uow, make.ordered(uow, make.package(uow, grace), client=ada))
        months = [
            make.bought(uow, make.membership(uow, price=Money(minor)), client=make.client(uow, name))
            for name, minor in (("Mia", 30_000), ("Max", 30_013))
        ]
    with unit_of_work(now=NOW + timedelta(days=31)) as uow:
        for holding_id in months:
            plans.pass_time(uow, holding_id=holding_id)


def guard(ada: Actor) -> None:
    """Ada forgets her password, wants another address, makes a passkey known, and comes with a second browser."""
    with unit_of_work(now=NOW) as uow:
        accounts.ask_password_link(uow, email="ada@example.com")
        accounts.ask_change_of_address(make.acting(uow, ada), email="ada@new.example")
        telling.note_change(make.acting(uow, ada), "passkey_added")
    for number in range(2):
        with unit_of_work(now=NOW + number * HOUR) as uow:
            accounts.know_device(uow, user_id=ada.user_id, token=f"browser {number}", user_agent="Firefox")


def test_every_handler_survives_being_delivered_twice(facts: list[Event]) -> None:
    post, program = Post(), Program()
    services.provide(Mailer, post)
    services.provide(WebhookSender, program)
    services.provide(BusyCalendars, Diary())
    services.provide(CalendarCopies, Copies())
    live()
    handlers: dict[type[Event], list[Callable]] = {}
    for feature in FEATURES:
        for fact_type, many in feature.handlers.items():
            handlers.setdefault(fact_type, []).extend(many)
    told: set[Callable] = set()
    for fact in facts:  # grows while we go: what a handler causes is told as well
        for handler in handlers.get(type(fact), ()):
            handler(fact)
            after, stated, mails, heard = everything(), len(facts), len(post.sent), len(program.heard)
            handler(fact)
            name = f"{handler.__module__}.{handler.__name__} of {type(fact).__name__}"
            assert len(facts) == stated, f"{name} states something new the second time"
            assert len(post.sent) == mails, f"{name} mails again"
            assert len(program.heard) == heard, f"{name} tells a program again"
            changed = [table for table, rows in everything().items() if rows != after[table]]
            assert not changed, f"{name} changes {changed} the second time"
            told.add(handler)
    untold = {one for many in handlers.values() for one in many} - told
    assert not untold, "extend `live` so that these hear something"
    before = everything()
    for fact in reversed(facts[:]):
        for handler in handlers.get(type(fact), ()):
            handler(fact)
    assert everything() == before, "all facts once more, backwards, changed something"
