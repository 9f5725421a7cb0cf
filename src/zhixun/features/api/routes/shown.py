"""How the house's values look in JSON, in the language asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import url_for
from flask_babel import gettext

from zhixun.features.accounts.queries import Person
from zhixun.features.api.forms import answers
from zhixun.features.api.forms.answers import MoneyShown, PersonShown
from zhixun.features.api.forms.kinds import local_time
from zhixun.features.api.forms.quality import EstimateShown, ExpertScore
from zhixun.features.booking.queries import BookingView
from zhixun.features.booking.rules import LadderStep
from zhixun.features.catalog.rules import ConsultantCard, ConsultantPage, ServiceView
from zhixun.features.messaging.queries import MessageLine
from zhixun.features.messaging.rules import conversation_id_of
from zhixun.features.payments.queries import PaymentView
from zhixun.features.payments.rules import booking_of
from zhixun.features.quality.queries import NOTHING_YET, Predicted, Satisfaction
from zhixun.features.quality.rules import Estimate
from zhixun.features.recommend.queries import Suggestion
from zhixun.features.scheduling.rules import Slot
from zhixun.kernel.values import Actor, Money
from zhixun.web import portraits
from zhixun.web.formats import local, say
from zhixun.web.languages import ENGLISH, house_url, language


def money(amount: Money) -> MoneyShown:
    return MoneyShown(amount_minor=amount.amount_minor, currency=amount.currency)


def slot(one: Slot, zone: str) -> answers.SlotShown:
    return answers.SlotShown(start=one.start, end=one.end, local=local_time(one.start, zone))


def service(one: ServiceView) -> answers.ServiceShown:
    return answers.ServiceShown.model_validate(
        {
            "id": one.id, "title": say(one.title), "channel": one.channel, "minutes": one.minutes,
            "price": money(one.price), "note": say(one.note), "included": [say(words) for words in one.included],
            "on_request": one.on_request,
        }
    )  # fmt: skip


def satisfaction(found: Satisfaction | None) -> answers.SatisfactionShown:
    seen = found or NOTHING_YET
    return answers.SatisfactionShown(
        mean=round(seen.mean, 2) if seen.shown else None,
        count=seen.count,
        solved_share=round(seen.solved_share, 3) if seen.shown else None,
    )


def estimate(found: Estimate) -> EstimateShown:
    return EstimateShown(
        mean=round(found.mean, 2), count=found.count, value=round(found.value, 2), low=round(found.low, 2),
        high=round(found.high, 2),
    )  # fmt: skip


def expert_score(judged: Estimate | None, guessed: Predicted | None) -> ExpertScore | None:
    """What experts say; where none has read a session, what the regression says, marked as such."""
    if judged is not None:
        return ExpertScore(predicted=False, **estimate(judged).model_dump())
    if guessed is None:
        return None
    return ExpertScore(
        predicted=True, mean=round(guessed.mean, 2), count=guessed.count, value=None, low=None, high=None
    )


def _card(card: ConsultantCard, seen: Satisfaction | None) -> dict[str, object]:
    return {
        "id": card.id, "slug": card.slug, "name": say(card.name), "title": say(card.title), "line": say(card.line),
        "city": say(card.city), "field": card.field_id, "topics": list(card.topic_ids),
        "languages": list(card.languages), "years": card.years, "seniority": card.seniority,
        "credentials_count": card.credentials_count, "portrait": portraits.address(card.portrait),
        "services": [service(one) for one in card.services], "price_from": money(card.price_from),
        "satisfaction": satisfaction(seen),
    }  # fmt: skip


def consultant_found(
    card: ConsultantCard, seen: Satisfaction | None, slots: Sequence[Slot], zone: str
) -> answers.ConsultantFound:
    return answers.ConsultantFound.model_validate(_card(card, seen) | {"slots": [slot(one, zone) for one in slots]})


def recommended(one: Suggestion, zone: str) -> answers.Recommended:
    return answers.Recommended(
        consultant=consultant_found(one.card, one.satisfaction, one.slots, zone), score=one.score,
        reasons=[say(words) for words in one.reasons], doubt=say(one.doubt),
    )  # fmt: skip


def consultant_page(page: ConsultantPage, seen: Satisfaction | None, zone: str) -> answers.ConsultantPageShown:
    credentials = [
        answers.CredentialShown(
            name=say(one.name), how=say(one.how), number=one.number, checked_on=one.checked_on.isoformat(),
            expires_on=one.expires_on.isoformat() if one.expires_on else None,
        )
        for one in page.credentials
    ]  # fmt: skip
    return answers.ConsultantPageShown.model_validate(
        _card(page.card, seen)
        | {
            "about": say(page.about), "good_for": [say(words) for words in page.good_for],
            "not_for": [say(words) for words in page.not_for], "credentials": credentials, "zone": zone,
        }
    )  # fmt: skip


def refunds(ladder: Sequence[LadderStep]) -> list[answers.RefundStepShown]:
    return [
        answers.RefundStepShown(
            until=step.until, refund_bps=step.refund_bps, refund=money(step.refund), words=_in_words(step)
        )
        for step in ladder
    ]


def _in_words(step: LadderStep) -> str:
    if step.until is None:
        return str(gettext("Cancelled later: no refund"))
    share = f"{step.refund_bps // 100}%"
    return str(gettext("Cancelled before %(time)s: %(share)s comes back", time=local(step.until), share=share))


def payment_asked(payment_id: str, gateway: str) -> answers.PaymentAsked:
    return answers.PaymentAsked(id=payment_id, gateway=gateway, url=pay_url(payment_id))


def pay_url(payment_id: str) -> str:
    """Where a browser goes to pay, in the language of the request."""
    prefix = ENGLISH if language() == "en" else ""
    return house_url(prefix + url_for("payments.pay", payment_id=payment_id))


def payment(view: PaymentView) -> answers.PaymentShown:
    return answers.PaymentShown.model_validate(
        {
            "id": view.id, "booking_id": booking_of(view.purpose), "amount": money(view.amount),
            "gateway": view.gateway, "state": view.state.value, "expires_at": view.expires_at,
            "captured_at": view.captured_at, "url": pay_url(view.id),
        }
    )  # fmt: skip


def person(user_id: str, people: Mapping[str, Person]) -> PersonShown:
    """An erased person keeps the id and loses the name."""
    return PersonShown(id=user_id, name=people[user_id].name if user_id in people else "")


def booking(
    view: BookingView, actor: Actor, people: Mapping[str, Person], brief: str | None = None
) -> answers.BookingShown:
    is_client = actor.user_id == view.client_id
    return answers.BookingShown.model_validate(
        {
            "id": view.id, "state": view.state.value, "role": role(actor.user_id, view),
            "client": person(view.client_id, people), "consultant": person(view.consultant_id, people),
            "service_id": view.service_id, "title": say(view.title), "channel": view.channel,
            "minutes": view.minutes, "start": view.starts_at, "end": view.ends_at,
            "room_opens_at": view.room_opens_at, "hold_expires_at": view.hold_expires_at,
            "on_request": view.on_request, "answer_by": view.answer_by, "total": money(view.price), "refunds": refunds(view.ladder), "refund_now": money(view.refund_now),
            "brief": brief,
            "payment": answers.PaymentPlace(id=view.payment_id, url=pay_url(view.payment_id)) if is_client else None,
            "conversation_id": conversation_id_of(view.client_id, view.consultant_id),
            "created_at": view.created_at, "began_at": view.began_at, "completed_at": view.completed_at,
            "ended_reason": view.ended_reason,
        }
    )  # fmt: skip


def role(user_id: str, view: BookingView) -> str:
    return {view.client_id: "client", view.consultant_id: "consultant"}.get(user_id, "operator")


def message(line: MessageLine) -> answers.MessageShown:
    return answers.MessageShown(
        id=line.id, conversation_id=line.conversation_id, seq=line.seq, client_id=line.key, sender_id=line.sender_id,
        text=line.text, reply_to=line.reply_to, at=line.at,
        files=[
            answers.FileShown(
                id=one.id, name=one.name, media_type=one.media_type, bytes=one.bytes, seconds=one.seconds,
                removed=one.removed,
                url=f"/messages/{line.conversation_id}/files/{one.id}",
            )
            for one in line.files
        ],
    )  # fmt: skip
