"""Each fact is told to each person once, in their language and their time; and no mail is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from icalendar import Calendar
from sqlalchemy import select

from tests import make
from zhixun.events.accounts import AddressLinkMade, PasswordLinkAsked, SafetyChanged, SignedInOnNewDevice
from zhixun.events.assistant import HandOverEnded
from zhixun.events.booking import (
    BookingCancelled,
    BookingConfirmed,
    BookingExpired,
    BookingFact,
    BookingMoved,
    BookingRefunded,
    BookingRequested,
    SessionCompleted,
    SessionMissed,
)
from zhixun.events.credentials import ApplicationDecided, CredentialDecided, CredentialExpiring
from zhixun.events.crm import CampaignSent, HelpAsked, MatterAnswered
from zhixun.events.disputes import DisputeAnswered, DisputeDecided, DisputeFact, DisputeOpened
from zhixun.events.instant import CallEnded, CallRang
from zhixun.events.notifications import HeldMailsReleased, ReminderDue
from zhixun.events.payouts import PayoutMade
from zhixun.events.quality import AfterSession, FeedbackGiven
from zhixun.events.waitlist import TimeOffered
from zhixun.features.accounts import actions as account_actions
from zhixun.features.accounts import queries as accounts
from zhixun.features.accounts.models import MailLink
from zhixun.features.booking import actions as bookings
from zhixun.features.notifications import actions, handlers, queries, rules
from zhixun.features.notifications.feature import feature
from zhixun.features.notifications.models import Notice
from zhixun.features.notifications.ports import House, Mail, Mailer, Undeliverable
from zhixun.features.notifications.rules import Occasion, safety
from zhixun.kernel import services
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import LANGUAGES, Actor, Words, new_id

NOW = make.NOW
AT = datetime(2026, 12, 31, 16, 30, tzinfo=UTC)
TITLE = Words("选 {offer}", "Choosing {offers}")


class Post:
    """A mailer that keeps what it was given, and refuses whom it is told to refuse."""

    def __init__(self) -> None:
        self.sent: list[Mail] = []
        self.refuses: set[str] = set()
        self.unknown: set[str] = set()

    def send(self, mail):
        if mail.to in self.unknown:
            raise Undeliverable("550")
        if mail.to in self.refuses:
            raise ConnectionError("the post office is closed")
        with Session() as db:  # the notice is committed before the mail goes out
            assert db.get(Notice, mail.message_id) is not None
        self.sent.append(mail)

    def to(self, who):
        return [mail for mail in self.sent if mail.to == who]


@pytest.fixture
def post(monkeypatch):
    monkeypatch.setattr(services, "_adapters", dict(services._adapters))
    monkeypatch.setattr("zhixun.kernel.unit_of_work.utc_now", lambda: NOW)
    made = Post()
    services.provide(Mailer, made)
    services.provide(House, House("https://consult.example.com", "a key"))
    return made


@pytest.fixture
def booked(db_url):
    """(the ids of a confirmed booking's parties, as a fact names them)"""
    with unit_of_work(now=NOW) as uow:
        ada = make.client(uow, zone="America/New_York", language="en")
        grace = make.consultant(uow)
        booking_id = make.paid_booking(uow, client=ada, consultant=grace, start=make.slot(uow, grace, number=8))
    return {"booking_id": booking_id, "client_id": ada.user_id, "consultant_id": grace.id}


def notices(user_id):
    with Session() as db:
        return queries.notices_of(db, user_id)


def test_both_are_told_once_though_the_fact_comes_twice(booked, post):
    fact = BookingConfirmed(**booked)
    for _ in range(3):
        handlers.tell_both_confirmed(fact)
    assert [line.kind for line in notices(booked["client_id"])] == ["booking_confirmed"]
    assert [line.values["other"] for line in notices(booked["consultant_id"])] == ["Ada"]
    assert len(post.to("ada@example.com")) == len(post.to("grace@example.com")) == 1


@pytest.mark.parametrize("subscribed", [(fact, one) for fact, many in feature.handlers.items() for one in many])
def test_every_fact_we_hear_survives_being_delivered_twice(booked, post, subscribed):
    fact_type, handler = subscribed
    reader, consultant = {"person_id": booked["client_id"]}, {"consultant_id": booked["consultant_id"]}
    reader_of_call = {"call_id": new_id(), "client_id": booked["client_id"]}
    more = {
        BookingCancelled: {"reason": "client"},
        BookingRequested: {"answer_by": "2026-11-25T09:00:00Z"},
        SessionMissed: {"absent": "client"},
        BookingMoved: {"by": "client", "from_start": "2026-11-25T01:00:00Z", "to_start": "2026-11-26T01:00:00Z"},
        FeedbackGiven: {"feedback_id": new_id()},
        BookingRefunded: {"refund_id": new_id(), "amount_minor": 100, "currency": "CNY", "reason": "operator"},
        DisputeOpened: {"dispute_id": new_id()},
        DisputeAnswered: {"dispute_id": new_id()},
        DisputeDecided: {"dispute_id": new_id(), "outcome": "ruled", "back_minor": 100, "currency": "CNY"},
        CallRang: reader_of_call | consultant,
        CallEnded: reader_of_call | {"state": "unanswered"},
        ReminderDue: {"kind": "reminder_day"},
        HeldMailsReleased: {"bundle_id": new_id(), "user_id": booked["client_id"]},
        CredentialDecided: consultant | {"claim_id": new_id(), "kind": "degree", "state": "verified"},
        CredentialExpiring: consultant | {"claim_id": new_id(), "kind": "degree", "expires_on": "2026-12-20"},
        ApplicationDecided: reader | {"application_id": new_id(), "state": "accepted"},
        CampaignSent: reader | {"campaign_id": new_id(), "text_zh": "回来看看", "text_en": "Come back", "code": "BACK"},
        TimeOffered: {"client_id": booked["client_id"], "consultant_id": booked["consultant_id"], "offer_id": new_id()}
        | {"place_id": new_id(), "start": "2026-11-25T01:00:00Z", "expires_at": "2026-11-24T09:30:00Z"},
        PayoutMade: {"consultant_id": booked["consultant_id"], "run_id": new_id()}
        | {"amount_minor": 42_240, "currency": "CNY"},
        MatterAnswered: reader | {"matter_id": new_id()},
        HandOverEnded: reader
        | {"hand_over_id": new_id(), "talk_id": new_id(), "state": "answered", "answered_by": booked["consultant_id"]},
    }
    with unit_of_work(now=NOW) as uow:
        index = accounts.index_of(uow.db, "ada@example.com")
        account_actions.ask_change_of_address(make.acting(uow, Actor(booked["client_id"])), email="ada@new.example")
        uow.facts.clear()
        link_id = uow.db.scalar(select(MailLink.id))
    about = {"user_id": booked["client_id"]}
    more |= {
        PasswordLinkAsked: {"address_index": index},
        AddressLinkMade: about | {"link_id": link_id, "kind": "change"},
        SafetyChanged: about | {"change": "app_added", "at": NOW.isoformat()},
        SignedInOnNewDevice: about | {"device": "Firefox · Linux", "at": NOW.isoformat()},
    }
    of_a_session = issubclass(fact_type, BookingFact | FeedbackGiven | DisputeFact | AfterSession | HelpAsked)
    fact = fact_type(**(booked if of_a_session else {}), **more.get(fact_type, {}))
    for _ in range(2):
        handler(fact)
    with Session() as db:
        told = db.scalars(select(Notice)).all()
    mailed = [one for one in told if one.kind not in rules.WITHOUT_MAIL - rules.URGENT_SAFETY]
    assert len(told) == len({(one.user_id, one.kind) for one in told})
    assert len(post.sent) == len(mailed)
    assert all(one.mailed_at for one in mailed)
    assert told or fact_type in (HeldMailsReleased, TimeOffered)  # an offer that is over is told to nobody


def test_a_mail_that_fails_keeps_no_other_back_and_is_sent_when_the_fact_comes_again(booked, post):
    fact = BookingConfirmed(**booked)
    post.refuses = {"ada@example.com"}
    with pytest.raises(ConnectionError):
        handlers.tell_both_confirmed(fact)
    assert len(post.to("grace@example.com")) == 1
    post.refuses = set()
    handlers.tell_both_confirmed(fact)
    assert len(post.to("ada@example.com")) == len(post.to("grace@example.com")) == 1
    assert len(notices(booked["client_id"])) == 1


def test_an_address_that_is_refused_for_good_is_not_tried_again(booked, post):
    post.unknown = {"ada@example.com"}
    handlers.tell_both_confirmed(BookingConfirmed(**booked))
    assert len(post.to("grace@example.com")) == 1
    with Session() as db:
        assert all(one.mailed_at for one in db.scalars(select(Notice)))
    assert [line.kind for line in notices(booked["client_id"])] == ["booking_confirmed"]


def test_a_mail_sent_again_after_a_crash_can_be_known_by_its_id(booked, post, monkeypatch):
    fact = BookingExpired(**booked)

    def crash(*_, **__):
        raise RuntimeError("the power went out")

    with monkeypatch.context() as broken:
        broken.setattr(actions, "note_mailed", crash)
        with pytest.raises(RuntimeError):
            handlers.tell_client_expired(fact)
    handlers.tell_client_expired(fact)
    assert len({mail.message_id for mail in post.sent}) == 1


def test_each_reads_their_own_language_and_time(booked, post):
    handlers.tell_both_confirmed(BookingConfirmed(**booked))
    [to_ada], [to_grace] = post.to("ada@example.com"), post.to("grace@example.com")
    assert to_ada.subject == "Confirmed: One hour"
    assert "Wednesday 25 November 2026, 20:00, New York time (UTC−5)" in to_ada.text
    assert "Cancel free of charge until Tuesday 24 November 2026, 20:00, New York time (UTC−5)." in to_ada.text
    assert "For Grace: Thursday 26 November 2026, 09:00, Beijing time (UTC+8)" in to_ada.text
    assert "2026 年 11 月 26 日 周四 09:00，北京时间（UTC+8）" in to_grace.text
    assert "Ada那边：2026 年 11 月 25 日 周三 20:00，纽约时间（UTC−5）" in to_grace.text
    assert "取消" not in to_grace.text


def test_who_books_for_tomorrow_morning_is_promised_no_free_cancelling(db_url, post):
    with unit_of_work(now=NOW) as uow:
        ada, grace = make.client(uow, language="en"), make.consultant(uow)
        booking_id = make.paid_booking(uow, client=ada, consultant=grace)
    handlers.tell_both_confirmed(BookingConfirmed(booking_id=booking_id, client_id=ada.user_id, consultant_id=grace.id))
    assert "free of charge" not in post.to("ada@example.com")[0].text


@pytest.mark.parametrize(
    ("zone", "zh", "en"),
    [
        ("Asia/Shanghai", "2027 年 1 月 1 日 周五 00:30，北京时间（UTC+8）", "Friday 1 January 2027, 00:30, Beijing time (UTC+8)"),
        ("America/New_York", "2026 年 12 月 31 日 周四 11:30，纽约时间（UTC−5）", "Thursday 31 December 2026, 11:30, New York time (UTC−5)"),
        ("Asia/Kathmandu", "2026 年 12 月 31 日 周四 22:15，Kathmandu（UTC+5:45）", "Thursday 31 December 2026, 22:15, Kathmandu (UTC+5:45)"),
        ("Pacific/Kiritimati", "2027 年 1 月 1 日 周五 06:30，Kiritimati（UTC+14）", "Friday 1 January 2027, 06:30, Kiritimati (UTC+14)"),
        ("Australia/Lord_Howe", "2027 年 1 月 1 日 周五 03:30，Lord Howe（UTC+11）", "Friday 1 January 2027, 03:30, Lord Howe (UTC+11)"),
    ],
)  # fmt: skip
def test_a_time_is_said_in_the_readers_zone_with_its_weekday(zone, zh, en):
    occasion = Occasion(TITLE, "Grace", AT, 60, to_client=True)
    for language, expected in (("zh", zh), ("en", en)):
        _, body = rules.letter("booking_confirmed", occasion, language=language, zone=zone)
        assert expected in body


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", sorted(safety.LETTERS))
def test_every_mail_about_safety_is_whole_in_every_language(kind, language):
    for change in safety.CHANGES.values():
        what = change.in_language(language)
        subject, text = safety.letter(kind, language=language, what=what, when="2026-11-24 17:00 (Asia/Shanghai)")
        assert "{" not in subject + text
        assert ("你" in text) == (language == "zh")
    assert safety.LETTERS.keys() == rules.MAILED_ONLY | rules.URGENT_SAFETY


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("to_client", [True, False])
@pytest.mark.parametrize("kind", sorted(rules.SENTENCES.keys() - rules.WITHOUT_MAIL))
def test_every_kind_has_a_letter_in_every_language_with_nothing_left_open(kind, to_client, language):
    occasion = Occasion(TITLE, "Grace\nHopper", AT, 60, to_client=to_client, free_until=AT - timedelta(days=1))
    if kind in rules.DECISIONS:
        title = TITLE.in_language(language)
        subject, body = rules.decision_letter(kind, title=title, day="2026-12-20", language=language)
    else:
        subject, body = rules.letter(kind, occasion, language=language, zone="Asia/Shanghai")
    assert "\n" not in subject
    assert subject
    for text in (subject, body):
        rest = text.replace(TITLE.in_language(language), "")
        assert "{" not in rest
        assert "%" not in rest
        assert ("了" in body or "你" in body or "「" in body) == (language == "zh")
    assert set(rules.MAILS[language]) == rules.SENTENCES.keys() - rules.WITHOUT_MAIL


@pytest.mark.parametrize(("language", "subject"), [("en", "Not verified: Degree"), ("zh", "资质未通过：学位")])
def test_a_decision_about_a_person_comes_by_mail_with_where_to_go_and_without_the_reason(
    db_url, post, language, subject
):
    with unit_of_work(now=NOW) as uow:
        grace = make.client(uow, "Grace", language=language)
    fact = CredentialDecided(claim_id=new_id(), consultant_id=grace.user_id, kind="degree", state="refused")
    for _ in range(2):
        handlers.tell_credential_decided(fact)
    handlers.tell_application_decided(
        ApplicationDecided(application_id=new_id(), person_id=grace.user_id, state="accepted")
    )
    refused, accepted = post.to("grace@example.com")
    assert refused.subject.startswith(subject[:4])
    prefix = "/en" if language == "en" else ""
    assert f"https://consult.example.com{prefix}/pro/credentials" in refused.text
    assert f"https://consult.example.com{prefix}/pro" in accepted.text


def test_notices_are_ones_own_newest_first_and_read_all_at_once(db_url):
    for n in range(3):
        with unit_of_work(now=NOW + timedelta(minutes=n)) as uow:
            assert actions.tell(
                uow, notice_id=f"n{n}", user_id="ada", kind="booking_expired", subject_id="b", values={}
            )
    with unit_of_work(Actor("bob"), now=NOW) as uow:
        actions.mark_all_read(uow)
    with Session() as db:
        assert [line.id for line in queries.notices_of(db, "ada")] == ["n2", "n1", "n0"]
        assert queries.unread_count(db, "ada") == 3
        assert queries.notices_of(db, "bob") == []
    with unit_of_work(Actor("ada"), now=NOW) as uow:
        actions.mark_all_read(uow)
        assert queries.unread_count(uow.db, "ada") == 0


def test_the_whole_life_of_a_booking_is_told(booked, post):
    for deed, fact_type, more in (
        (bookings.cancel_booking, BookingCancelled, {"reason": "client"}),
        (None, SessionCompleted, {}),
    ):
        if deed:
            with unit_of_work(Actor(booked["client_id"]), now=NOW) as uow:
                deed(uow, booking_id=booked["booking_id"])
        for handler in feature.handlers[fact_type]:
            handler(fact_type(**booked, **more))
    assert {line.kind for line in notices(booked["client_id"])} == {"session_completed", "booking_cancelled"}
    assert "原路退回" not in post.to("grace@example.com")[0].text


def test_a_session_comes_into_ones_calendar_with_its_mail_and_leaves_it_again(booked, post):
    handlers.tell_both_confirmed(BookingConfirmed(**booked))
    handlers.tell_both_cancelled(BookingCancelled(**booked, reason="client"))
    new, gone = post.to("ada@example.com")
    for mail, method, status in ((new, "REQUEST", "CONFIRMED"), (gone, "CANCEL", "CANCELLED")):
        [file] = mail.attachments
        assert (file.name, f"method={method}" in file.media_type) == ("session.ics", True)
        read = Calendar.from_ical(file.data)
        [event] = read.walk("VEVENT")
        assert (str(read["METHOD"]), str(event["STATUS"])) == (method, status)
        assert str(event["UID"]) == f"{booked['booking_id']}@zhixun"
        assert str(event["ATTENDEE"]) == "mailto:ada@example.com"
    handlers.tell_client_expired(BookingExpired(**booked))
    assert post.to("ada@example.com")[-1].attachments == ()
