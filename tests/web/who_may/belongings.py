"""What Ada and Grace have: one of everything an address can name, so that others can try to get at it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from itsdangerous import URLSafeSerializer
from sqlalchemy import select

from tests import make
from tests.web.who_may.people import People
from zhixun.features.accounts import actions as accounts
from zhixun.features.accounts import queries as account_queries
from zhixun.features.accounts.models import MailLink, Passkey
from zhixun.features.accounts.queries import SIGN_IN_ID_LENGTH
from zhixun.features.api import actions as api
from zhixun.features.assistant import actions as assistant
from zhixun.features.booking import actions as bookings
from zhixun.features.booking.actions import GroupWish
from zhixun.features.booking.models import Feed
from zhixun.features.catalog import actions as catalog
from zhixun.features.credentials import actions as credentials
from zhixun.features.credentials.rules import Proof, Wish
from zhixun.features.credentials.rules.scans import checked as scan_checked
from zhixun.features.crm import actions as crm
from zhixun.features.crm.rules import Audience, CampaignTerms
from zhixun.features.disputes import actions as disputes
from zhixun.features.instant import actions as instant
from zhixun.features.ledger import actions as ledger
from zhixun.features.ledger.rules import COMMISSION, Line, consultant_account
from zhixun.features.messaging import actions as messaging
from zhixun.features.messaging.rules.files import checked
from zhixun.features.notifications.rules import stop_token
from zhixun.features.payments import actions as payments
from zhixun.features.payments.ports import Capture
from zhixun.features.payouts import actions as payouts
from zhixun.features.privacy import actions as privacy
from zhixun.features.quality import actions as quality
from zhixun.features.scheduling import actions as scheduling
from zhixun.features.scheduling.rules import Recurrence
from zhixun.features.waitlist.models import Offer, Place, SeatPlace
from zhixun.features.webhooks import actions as webhooks
from zhixun.kernel.pictures import PORTRAIT_SIDES
from zhixun.kernel.ports import BlobStore
from zhixun.kernel.services import service
from zhixun.kernel.unit_of_work import UnitOfWork, unit_of_work
from zhixun.kernel.values import SYSTEM, Money, Words, new_id

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEFORE = make.NOW - 2 * DAY
"""When the sessions took place that are over."""
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF"


def belongings(people: People, key: str) -> dict[str, str]:
    """Ids by the names that addresses give them. "done_id" is a session that is over, "disputed_id" one in dispute."""
    with unit_of_work(now=BEFORE) as uow:
        found = _sessions_over(uow, people)
    with unit_of_work(now=make.NOW) as uow:
        found |= _sessions_to_come(uow, people) | _talk(uow, people)
    with unit_of_work(now=make.NOW) as uow:
        found |= _waiting(uow, people, found) | _own_settings(uow, people) | _plans(uow, people)
    with unit_of_work(now=make.NOW) as uow:
        found |= _at_the_desk(uow, people, found) | _secrets(uow, people, key)
    return found | _names(people, found) | _in_the_right_state(found)


def _names(people: People, ids: dict[str, str]) -> dict[str, str]:
    ada, grace = people["client"].user_id, people.grace
    return {
        "client_id": ada, "user_id": ada, "consultant_id": grace.id, "consultant": grace.id, "slug": grace.slug,
        "service_id": grace.service_id, "webhook_id": ids["endpoint_id"], "field_id": "career", "month": "2026-11",
        "gateway": "sandbox", "key": "f-1", "purpose": "behaviour", "page": "terms", "name": "nothing.css",
        "side": str(PORTRAIT_SIDES[0]),
    }  # fmt: skip


def _in_the_right_state(ids: dict[str, str]) -> dict[str, str]:
    """Where only a certain session will do, the whole address names it."""
    states = {
        "held_id": ("/checkout/<booking_id>",),
        "disputed_id": ("dispute", "dispute/answer", "dispute/statements", "dispute/withdrawal"),
        "done_id": ("feedback", "help", "question", "question/answer", "summary"),
        "asked_id": ("acceptance", "refusal"),
    }
    found = {
        f"{one if one[0] == '/' else f'/sessions/<booking_id>/{one}'} booking_id": ids[state]
        for state, places in states.items()
        for one in places
    }
    for one in ("acceptance", "refusal"):
        found[f"/api/v1/bookings/<booking_id>/{one} booking_id"] = ids["asked_id"]
    for one in ("acceptance", "leaving"):
        found[f"/waitlist/seats/<place_id>/{one} place_id"] = ids["seat_place_id"]
    for address, secret in ids.items():
        if address.startswith("/"):
            found[f"{address} token"] = secret
    return found


def _secrets(uow: UnitOfWork, people: People, key: str) -> dict[str, str]:
    """Addresses that let in whoever knows them → what is secret in them."""
    ada, made = people["client"].user_id, new_id()
    password = accounts.make_password_link(uow, link_id=made, user_id=ada)
    uow.db.flush()
    links = {row.kind: account_queries.link_token(uow.db, row.id) for row in uow.db.scalars(select(MailLink))}
    feed = URLSafeSerializer(key, salt="calendar").dumps(uow.db.scalars(select(Feed.id)).one())
    return {
        "/sign-in/new-password/<token>": password, "/confirm-address/<token>": links["confirm"],
        "/change-address/<token>": links["change"], "/calendar/<token>.ics": feed,
        "/notices/stop/<token>": stop_token(key, ada, "reminders"),
    }  # fmt: skip


def _sessions_over(uow: UnitOfWork, people: People) -> dict[str, str]:
    ada, grace = people["client"], people.grace
    ids = {}
    for number, name in enumerate(("done_id", "disputed_id", "case_id", "answered_id")):
        start = make.slot(uow, grace, number=2 * number + 1)
        ids[name] = make.completed_booking(uow, client=ada, consultant=grace, start=start)
        uow.db.flush()
    privacy.give_consent(uow, user_id=ada.user_id, purpose="expert_review")
    uow.db.flush()
    later = BEFORE + DAY
    by_ada = make.acting(uow, ada, now=later)
    ids["dispute_id"] = new_id()
    disputes.open_dispute(
        by_ada, dispute_id=ids["dispute_id"], booking_id=ids["disputed_id"], reason="technical",
        words="There was no sound for half an hour.",
    )  # fmt: skip
    quality.open_case(make.acting(uow, SYSTEM, now=later), booking_id=ids["case_id"])
    uow.db.flush()
    quality.take_seat(make.acting(uow, people["reviewer"], now=later), review_id=new_id(), case_id=ids["case_id"])
    ids["feedback_id"] = make.feedback(by_ada, ids["answered_id"], client=ada, words="It was fine.")
    uow.db.flush()
    ids["appeal_id"] = quality.appeal(
        make.acting(uow, grace.actor, now=later), appeal_id=new_id(), kind="feedback", subject_id=ids["feedback_id"],
        reason="This was about another session, as their words show.",
    )  # fmt: skip
    return ids


def _sessions_to_come(uow: UnitOfWork, people: People) -> dict[str, str]:
    ada, grace = people["client"], people.grace
    ids = {"booking_id": make.paid_booking(uow, client=ada, consultant=grace, start=_slot(uow, people, 30))}
    held = bookings.request_booking(
        make.acting(uow, ada), booking_id=new_id(), service_id=grace.service_id, start=_slot(uow, people, 40),
        brief="My landlord keeps my deposit.",
    )  # fmt: skip
    ids |= {"held_id": held.booking_id, "payment_id": held.payment_id, "asked_id": _asked(uow, people)}
    ids["series_id"] = new_id()
    wanted = Recurrence(_slot(uow, people, 50), weeks_apart=1, sessions=2, zone="Asia/Shanghai")
    bookings.request_series(
        make.acting(uow, ada), series_id=ids["series_id"], service_id=grace.service_id, wanted=wanted
    )
    start, ids["group_id"] = make.NOW + 3 * DAY, new_id()
    wish = GroupWish(Words("Interview practice"), start, 60, Money(12_000), 2, 1, start - DAY)
    bookings.set_group(make.acting(uow, grace.actor), group_id=ids["group_id"], wish=wish)
    uow.db.flush()
    ids["seat_id"] = new_id()
    bookings.take_seat(make.acting(uow, ada), booking_id=ids["seat_id"], group_id=ids["group_id"])
    make.pay(uow, ids["seat_id"])
    bookings.confirm_if_paid(uow, booking_id=ids["seat_id"])
    return ids


def _asked(uow: UnitOfWork, people: People) -> str:
    """A session that waits for Grace's yes."""
    service_id = make.add_service(uow, people.grace.id)
    uow.db.flush()
    catalog.ask_first(make.acting(uow, people.grace.actor), service_id=service_id, on_request=True)
    asking = replace(people.grace, service_id=service_id)
    return make.paid_booking(uow, client=people["client"], consultant=asking, start=_slot(uow, people, 80))


def _slot(uow: UnitOfWork, people: People, number: int) -> datetime:
    return make.slot(uow, people.grace, number=number)


def _talk(uow: UnitOfWork, people: People) -> dict[str, str]:
    ada, grace = people["client"], people.grace
    talk = messaging.open_conversation(uow, client_id=ada.user_id, consultant_id=grace.id)
    key, file = new_id(), checked("lease.pdf", PDF)
    by_ada = make.acting(uow, ada)
    for name, data in messaging.seal_files(by_ada, conversation_id=talk, key=key, files=[file]):
        service(BlobStore).put(name, data)
    line = messaging.send_message(by_ada, conversation_id=talk, key=key, text="My lease.", files=[file])
    return {"conversation_id": talk, "file_id": line.files[0].id}


def _waiting(uow: UnitOfWork, people: People, ids: dict[str, str]) -> dict[str, str]:
    """What Ada waits for: a time, a seat, an answer now, an answer by a person."""
    ada, grace = people["client"], people.grace
    place = Place(
        id=new_id(), client_id=ada.user_id, consultant_id=grace.id, service_id=grace.service_id, state="offered",
        day=None, part="any", zone="Asia/Shanghai", joined_at=make.NOW, ends_at=make.NOW + 9 * DAY, unanswered=0,
    )  # fmt: skip
    offer = Offer(
        id=new_id(), place_id=place.id, client_id=ada.user_id, consultant_id=grace.id, starts_at=_slot(uow, people, 60),
        state="open", offered_at=make.NOW, expires_at=make.NOW + HOUR, booking_id=None,
    )  # fmt: skip
    seat = SeatPlace(
        id=new_id(), client_id=ada.user_id, consultant_id=grace.id, group_id=ids["group_id"], state="offered",
        zone="Asia/Shanghai", joined_at=make.NOW, ends_at=make.NOW + 2 * DAY, expires_at=make.NOW + HOUR,
    )  # fmt: skip
    uow.db.add_all([place, offer, seat])
    instant.make_available(make.acting(uow, grace.actor), until=make.NOW + 2 * HOUR)
    uow.db.flush()
    call = instant.ask_now(
        make.acting(uow, ada), call_id=new_id(), question="My landlord changed the lock. What now?", field_id="career",
        channel="video", minutes=60,
    )  # fmt: skip
    by_ada, talk_id = make.acting(uow, ada), new_id()
    assistant.record_answer(
        by_ada, talk_id=talk_id, question_id=new_id(), question="What about my deposit?", kind="unknown", text="–",
        citations=[], confidence=0.1, consultant_ids=[],
    )  # fmt: skip
    capture = Capture(call.payment_id, f"ch_{call.payment_id}", call.amount)
    payments.settle(uow, gateway="sandbox", capture=capture)
    instant.ring_if_paid(uow, call_id=call.id)
    asked = assistant.ask_person(by_ada, hand_over_id=new_id(), talk_id=talk_id, note="Please look.")
    return {
        "place_id": place.id, "offer_id": offer.id, "seat_place_id": seat.id, "call_id": call.id, "talk_id": talk_id,
        "hand_over_id": asked,
    }  # fmt: skip


def _own_settings(uow: UnitOfWork, people: People) -> dict[str, str]:
    ada, grace = people["client"], people.grace
    ids = {"key_id": new_id(), "calendar_id": new_id(), "claim_id": new_id(), "application_id": new_id()}
    api.make_key(make.acting(uow, ada), key_id=ids["key_id"], name="My script", days=90, read_only=True)
    passkey = Passkey(
        id=new_id(), user_id=ada.user_id, credential_id="YWRh", public_key=b"k", sign_count=0, name="My phone",
        made_at=make.NOW, used_at=None,
    )  # fmt: skip
    uow.db.add(passkey)
    signed_in = accounts.sign_in(uow, user_id=ada.user_id)
    by_grace = make.acting(uow, grace.actor)
    scheduling.add_busy_calendar(
        by_grace, calendar_id=ids["calendar_id"], name="Home", address="https://example.com/me.ics"
    )
    proof = Proof("licence", "13101201410123456", "Shanghai Bureau of Justice", date(2020, 5, 1), None, "")
    scans = [scan_checked(PDF)]
    for name, data in credentials.seal_scans(by_grace, claim_id=ids["claim_id"], key=ids["claim_id"], scans=scans):
        service(BlobStore).put(name, data)
        ids["scan_id"] = name
    credentials.submit_claim(by_grace, claim_id=ids["claim_id"], proof=proof, scans=scans)
    about, topics = "Nine years of work in hiring." * 5, ("interviews",)
    wish = Wish("career", "Career adviser", "I help you decide", about, "上海", 9, 30_000, topics)
    credentials.apply(make.acting(uow, ada), application_id=ids["application_id"], wish=wish)
    bookings.open_feed(make.acting(uow, ada))
    ids["photo_id"] = new_id()
    for name, data in catalog.seal_photo(by_grace, photo_id=ids["photo_id"], photo={PORTRAIT_SIDES[0]: b"RIFF"}):
        service(BlobStore).put(name, data)
    catalog.put_photo(by_grace, photo_id=ids["photo_id"])
    uow.db.flush()
    accounts.ask_confirmation(uow, user_id=ada.user_id)
    accounts.ask_change_of_address(make.acting(uow, ada), email="ada@example.org")
    return ids | {"passkey_id": passkey.id, "sign_in_id": account_queries.hash_of(signed_in.token)[:SIGN_IN_ID_LENGTH]}


def _plans(uow: UnitOfWork, people: People) -> dict[str, str]:
    ada, grace = people["client"], people.grace
    package_id, membership_id = make.package(uow, grace), make.membership(uow)
    uow.db.flush()
    return {
        "package_id": package_id, "product_id": package_id, "membership_id": membership_id, "coupon_id": make.coupon(uow),
        "order_id": make.ordered(uow, package_id, client=ada),
        "holding_id": make.bought(uow, membership_id, client=ada),
    }  # fmt: skip


def _at_the_desk(uow: UnitOfWork, people: People, ids: dict[str, str]) -> dict[str, str]:
    """What the house keeps: about Ada, about Grace, and about nobody."""
    boss, ada, grace = make.acting(uow, people["boss"]), people["client"], people.grace
    made = {
        name: new_id() for name in ("matter_id", "campaign_id", "endpoint_id", "delivery_id", "run_id", "article_id")
    }
    crm.file_matter(
        make.acting(uow, ada), matter_id=made["matter_id"], kind="complaint", text="Nobody answered me at all."
    )
    crm.write_note(make.acting(uow, grace.actor), note_id=new_id(), client_id=ada.user_id, text="Wants a new job.")
    crm.write_note(boss, note_id=new_id(), client_id=ada.user_id, text="Called twice.")
    terms = CampaignTerms("Come back", Words("好久不见。", "Long time no see."), "WELCOME50", Audience(), 50)
    crm.plan_campaign(boss, campaign_id=made["campaign_id"], terms=terms)
    webhooks.put_endpoint(
        boss, endpoint_id=made["endpoint_id"], url="https://example.com/hook", description="", kinds=["booking.held"]
    )
    uow.db.flush()
    webhooks.send_test(boss, endpoint_id=made["endpoint_id"], delivery_id=made["delivery_id"])
    ledger.post(
        uow, key="release:x", kind="release", purpose=f"booking:{ids['done_id']}",
        lines=[Line(consultant_account(grace.id), Money(42_240)), Line(COMMISSION, Money(-42_240))],
    )  # fmt: skip
    payouts.propose_run(boss, run_id=made["run_id"])
    assistant.write_article(
        boss, article_id=made["article_id"], seen_revision=0, language="en", kind="faq", field_id="", topic_ids=(),
        title="Where do zebras sleep", body="Zebras sleep standing in their stable, all of them, always.",
    )  # fmt: skip
    return made
