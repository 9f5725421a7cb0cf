"""What waits for the people of the house: credentials, an application, questions to a person, a reported message,
campaigns, and someone in a waiting list. Each part is one transaction and is added once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any

from zhixun.features.accounts import queries as accounts
from zhixun.features.assistant import actions as assistant
from zhixun.features.assistant import queries as assistant_queries
from zhixun.features.credentials import actions as credentials
from zhixun.features.credentials import queries as credential_queries
from zhixun.features.credentials.rules import Proof, Wish
from zhixun.features.credentials.rules.scans import Scan, checked
from zhixun.features.crm import actions as crm
from zhixun.features.crm import queries as crm_queries
from zhixun.features.crm.actions import NobodyToReach
from zhixun.features.crm.rules import Audience, CampaignTerms
from zhixun.features.messaging import actions as messaging
from zhixun.features.messaging.rules import conversation_id_of
from zhixun.features.waitlist import actions as waitlist
from zhixun.features.waitlist import queries as waitlist_queries
from zhixun.features.waitlist.actions import TimesFree
from zhixun.features.waitlist.rules import Wish as TimeWish
from zhixun.kernel.errors import NotFound
from zhixun.kernel.ports import BlobStore
from zhixun.kernel.services import service
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import SYSTEM, Words

from .cast import DESK, EXPERTS, TODAYS_CLIENTS, Consulting, client_at
from .history import acting, history
from .words import id_of, talk_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CODE = "FRIEND20"
PAPER_PIXELS = (620, 877)
WAITING_PLACE = 9
"""client10 waits for a time."""
LOOKED_AHEAD_DAYS, ASKED_FIRST = 14, 8


def add_queues(consultants: Sequence[Consulting], now: datetime) -> None:
    """In a house too small for them there are none."""
    said = talk_of("queues")
    with history(now) as uow:
        scans = _add_claims(uow, said["claims"], consultants, now)
        _add_application(uow, said["application"], now)
    for name, data in scans:
        service(BlobStore).put(name, data)
    with history(now) as uow:
        for number, one in enumerate(said["hand_overs"]):
            _add_hand_over(uow, number, one, now)
    with history(now) as uow:
        _add_waiting(uow, consultants, now)


def add_report(consultants: Sequence[Consulting], now: datetime) -> None:
    """A client shows the house what their consultant wrote; `quarrels` has let the two meet."""
    client, said = client_at(TODAYS_CLIENTS[-1]), talk_of("queues")["report"]
    if len(consultants) <= len(TODAYS_CLIENTS):
        return
    by, matter_id = consultants[len(TODAYS_CLIENTS)].actor, id_of("report", client.user_id)
    words, conversation_id = said["quoted"][client.language], conversation_id_of(client.user_id, by.user_id)
    with suppress(NotFound), history(now) as uow:  # someone real had the time of their session: they never met
        if any(one.line.id == matter_id for one in crm_queries.matters_of(uow.db, client.user_id)):
            return
        messaging.send_message(
            acting(uow, by, now - 7 * HOUR), conversation_id=conversation_id, key=id_of("outside", client.user_id),
            text=words,
        )  # fmt: skip
        crm.report_person(
            acting(uow, client, now - 5 * HOUR), matter_id=matter_id, conversation_id=conversation_id,
            reason=said["reason"], text=said["text"][client.language], quoted=[words],
        )  # fmt: skip


def add_campaigns(now: datetime) -> None:
    """One that has run, with what came of it, and one that nobody has begun. Both need clients with a past."""
    said = talk_of("queues")["campaigns"]
    done, draft = (id_of("campaign", name) for name in ("done", "draft"))
    began_at = now - said["done"]["days_ago"] * DAY
    try:
        with history(now) as uow:
            if {done, draft} & {one.id for one in crm_queries.campaigns(uow.db, DESK)}:
                return
            by = acting(uow, DESK, began_at)
            crm.plan_campaign(by, campaign_id=done, terms=_terms(said["done"], Audience()))
            crm.begin_campaign(by, campaign_id=done, segments={})
            while crm.send_batch(acting(uow, SYSTEM, began_at + HOUR), campaign_id=done):
                pass
            terms = _terms(said["draft"], Audience(field_id="legal"))
            crm.plan_campaign(acting(uow, DESK, now - DAY), campaign_id=draft, terms=terms)
    except NobodyToReach:
        return


def _add_claims(
    uow: UnitOfWork, said: Sequence[Any], consultants: Sequence[Consulting], now: datetime
) -> list[tuple[str, bytes]]:
    """Some wait for their first reviewer, one for its second. Returns their scans, sealed."""
    scans: list[tuple[str, bytes]] = []
    for number, one in enumerate(said):
        if one["place"] >= len(consultants):
            return scans
        owner, claim_id = consultants[one["place"]].actor, id_of("claim", number)
        if any(line.id == claim_id for line in credential_queries.claims_of(uow.db, owner.user_id)):
            return scans
        at = now - one["hours_ago"] * HOUR
        issued = date(at.year - one["years_ago"], 6, 1)
        proof = Proof(
            one["kind"], one["number"], one["issuer"], issued,
            issued.replace(year=issued.year + one["lasts"]) if one["lasts"] else None, one["note"],
        )  # fmt: skip
        by, drawn = acting(uow, owner, at), [_scan(proof)]
        scans += credentials.seal_scans(by, claim_id=claim_id, key=claim_id, scans=drawn)
        credentials.submit_claim(by, claim_id=claim_id, proof=proof, scans=drawn)
        if one["checked"]:
            credentials.agree(acting(uow, EXPERTS[1], at + 20 * HOUR), claim_id=claim_id)
    return scans


def _scan(proof: Proof) -> Scan:
    """A paper with its number, lines and a stamp; it says that it is a sample."""
    from PIL import Image, ImageDraw  # only who makes a sample needs it

    paper = Image.new("RGB", PAPER_PIXELS, "#fdfcf8")
    pen = ImageDraw.Draw(paper)
    width, height = PAPER_PIXELS
    pen.rectangle((24, 24, width - 24, height - 24), outline="#8a6a3a", width=4)
    pen.text((60, 60), f"SAMPLE  No. {proof.number}", fill="#222222", font_size=26)
    pen.text((60, 104), proof.issued_on.isoformat(), fill="#444444", font_size=20)
    for line in range(180, height - 260, 44):
        pen.line((60, line, width - 60 - line % 3 * 60, line), fill="#b9b5aa", width=8)
    pen.ellipse((width - 230, height - 230, width - 80, height - 80), outline="#c8402f", width=7)
    out = BytesIO()
    paper.save(out, "PNG")
    return checked(out.getvalue())


def _add_application(uow: UnitOfWork, said: Any, now: datetime) -> None:
    who = client_at(said["client"])
    if credential_queries.application_of(uow.db, who.user_id) is not None or not _is_here(uow, who.user_id):
        return
    wish = Wish(
        said["field"],
        said["title"],
        said["line"],
        said["about"],
        said["city"],
        said["years"],
        said["price_minor"],
        tuple(said["topics"]),
    )
    by = acting(uow, who, now - said["hours_ago"] * HOUR)
    credentials.apply(by, application_id=id_of("application", who.user_id), wish=wish)


def _add_hand_over(uow: UnitOfWork, number: int, said: Any, now: datetime) -> None:
    """A question that the assistant could not answer, handed to a person."""
    who, talk_id = client_at(said["client"]), id_of("assistant-talk", number)
    if assistant_queries.talk(uow.db, talk_id, who).turns or not _is_here(uow, who.user_id):
        return
    at, hand_over_id = now - said["hours_ago"] * HOUR, id_of("hand-over", number)
    by = acting(uow, who, at)
    assistant.record_answer(
        by, talk_id=talk_id, question_id=id_of("assistant-question", number), question=said["question"][who.language],
        kind="unknown", text=said["unknown"][who.language], citations=[], confidence=0.12, consultant_ids=[],
    )  # fmt: skip
    assistant.ask_person(by, hand_over_id=hand_over_id, talk_id=talk_id, note=said["note"][who.language])
    if "answer" in said:
        answering = acting(uow, DESK, at + 4 * HOUR)
        assistant.answer_hand_over(answering, hand_over_id=hand_over_id, text=said["answer"][who.language])


def _add_waiting(uow: UnitOfWork, consultants: Sequence[Consulting], now: datetime) -> None:
    """Someone waits for the first day on which one of the first consultants has nothing free."""
    who, place_id = client_at(WAITING_PLACE), id_of("waiting", "first")
    if not _is_here(uow, who.user_id) or waitlist_queries.open_count(uow.db, who.user_id):
        return
    for one in consultants[:ASKED_FIRST]:
        for ahead in range(1, LOOKED_AHEAD_DAYS):
            wish = TimeWish(now.date() + ahead * DAY, "any", who.zone)
            try:
                waitlist.join(
                    acting(uow, who, now - 2 * HOUR), place_id=place_id, service_id=one.service_ids[0], wish=wish
                )
            except TimesFree:
                continue
            return


def _terms(said: Any, audience: Audience) -> CampaignTerms:
    text = Words(said["text"]["zh"], said["text"]["en"])
    return CampaignTerms(said["name"], text, CODE, audience, said["holdout"])


def _is_here(uow: UnitOfWork, user_id: str) -> bool:
    return user_id in accounts.people(uow.db, [user_id])
