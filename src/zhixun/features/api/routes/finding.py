"""Fields, consultants, their free times and prices."""

from __future__ import annotations

from datetime import timedelta

from flask import request
from sqlalchemy.orm import Session

from zhixun.features.api.forms import answers
from zhixun.features.api.forms.asked import ConsultantsWanted, QuoteWanted, RecommendationsWanted, SlotsWanted
from zhixun.features.api.forms.quality import QualityShown, ReviewShown
from zhixun.features.booking import queries as bookings
from zhixun.features.booking import rules as booking_rules
from zhixun.features.catalog import queries as catalog
from zhixun.features.catalog.rules import SLUG, ServiceView
from zhixun.features.loyalty.queries import CouponRefused
from zhixun.features.loyalty.rules import CODES_TRIED_MAX, CODES_TRIED_SECONDS
from zhixun.features.plans import queries as plans
from zhixun.features.plans.queries import Choice, CreditsUsedUp, PlanDoesNotFit
from zhixun.features.quality import queries as quality
from zhixun.features.recommend import queries as recommend
from zhixun.features.scheduling import queries as scheduling
from zhixun.features.search import queries as search
from zhixun.features.search import rules as search_rules
from zhixun.features.search.rules import Wanted
from zhixun.kernel.errors import N_, Invalid, NotFound, TooMany
from zhixun.kernel.values import utc_now
from zhixun.web import pagination, security
from zhixun.web.formats import reader_zone, say
from zhixun.web.languages import language
from zhixun.web.limits import limit

from . import shown
from .endpoint import reads

TAG = N_("Finding")
SLOTS_DAYS, SLOTS_DAYS_MAX = 14, 62
REVIEWS = 10


@reads("/fields", N_("The fields and their topics."), tag=TAG, answer=answers.Fields, signed_in=False)
def fields(db: Session) -> answers.Fields:
    return answers.Fields(
        items=[
            answers.FieldShown(
                id=field.id, name=say(field.name), summary=say(field.summary), disclaimer=say(field.disclaimer),
                topics=[answers.TopicShown(id=topic.id, name=say(topic.name)) for topic in field.topics],
            )
            for field in catalog.fields(db)
        ]
    )  # fmt: skip


@reads(
    "/consultants",
    N_("Find consultants by words, facets and free time. `sort` is fit, price, rating or soonest."),
    tag=TAG,
    asked=ConsultantsWanted,
    answer=answers.Consultants,
    signed_in=False,
)
def consultants(db: Session, wanted: ConsultantsWanted) -> answers.Consultants:
    zone, now = wanted.zone or reader_zone(), utc_now()
    from_, until = search_rules.window(wanted.free or "", zone, now)
    look = Wanted(
        text=wanted.q, field=wanted.field or "", topic=wanted.topic or "", language=wanted.language or "",
        channel=wanted.channel or "", price_max_minor=wanted.price_max_minor, free_from=wanted.free_from or from_,
        free_until=wanted.free_until or until, zone=zone, sort=wanted.sort,
    )  # fmt: skip
    if wrong := search_rules.problems(look):
        raise Invalid(fields=wrong)
    offset = pagination.number_of(wanted.cursor)
    found = search.find_consultants(db, look, now=now, offset=offset, limit=wanted.limit)
    return answers.Consultants(
        items=[shown.consultant_found(one.card, one.satisfaction, one.slots, zone) for one in found.items],
        next=pagination.cursor_of(str(found.next_offset)) if found.next_offset is not None else None,
        total=found.total,
    )


@reads(
    "/recommendations",
    N_("Who fits a question, with two reasons and one doubt each."),
    tag=TAG,
    asked=RecommendationsWanted,
    answer=answers.Recommendations,
    signed_in=False,
)
def recommendations(db: Session, wanted: RecommendationsWanted) -> answers.Recommendations:
    zone = wanted.zone or reader_zone()
    if not wanted.question.strip():
        return _for_the_asker(db, wanted, zone)
    found = recommend.match(
        db, question=wanted.question, field=wanted.field, zone=zone, language=language(), now=utc_now(),
        limit=wanted.limit,
    )  # fmt: skip
    return answers.Recommendations(
        items=[shown.recommended(one, zone) for one in found.items],
        field=found.field.id if found.field else None,
        crisis=say(found.crisis) if found.crisis else None,
    )  # fmt: skip


def _for_the_asker(db: Session, wanted: RecommendationsWanted, zone: str) -> answers.Recommendations:
    """By their interests; by none, whoever is not known or did not agree gets nobody."""
    found = recommend.personal(
        db, security.current_actor().user_id, zone=zone, language=language(), now=utc_now(), limit=wanted.limit
    )
    return answers.Recommendations(items=[shown.recommended(one, zone) for one in found], field=None, crisis=None)


@reads(
    "/consultants/{consultant}",
    N_("One consultant, by id or by the last part of the page’s address."),
    tag=TAG,
    answer=answers.ConsultantPageShown,
    signed_in=False,
    refusals=(NotFound,),
)
def consultant(db: Session, consultant: str) -> answers.ConsultantPageShown:
    page = catalog.consultant(db, _name(consultant))
    seen = quality.satisfaction_of(db, [page.card.id]).get(page.card.id)
    return shown.consultant_page(page, seen, scheduling.zone_of(db, page.card.id))


@reads(
    "/consultants/{consultant}/quality",
    N_("What clients and experts say about a consultant’s sessions; what is only predicted is marked."),
    tag=TAG,
    answer=QualityShown,
    signed_in=False,
    refusals=(NotFound,),
)
def consultant_quality(db: Session, consultant: str) -> QualityShown:
    page = catalog.consultant(db, _name(consultant))
    found = quality.quality_of(db, page.card.id)
    told, who = found.satisfaction.shown, page.card.id
    estimates = quality.satisfaction_estimates_of(db, [who])
    judged, guessed = quality.expert_quality_of(db, [who]), quality.predicted_of(db, [who])
    reviews = [
        ReviewShown.model_validate(
            {
                "score": round(line.score, 2), "words": line.words, "solved": line.solved,
                "service": say(line.service_title), "at": line.at,
            }
        )
        for line in quality.reviews_of(db, page.card.id, limit=REVIEWS)
    ]  # fmt: skip
    return QualityShown(
        consultant_id=page.card.id,
        satisfaction=shown.satisfaction(found.satisfaction),
        satisfaction_estimate=shown.estimate(estimates[who]) if told and who in estimates else None,
        expert=shown.expert_score(judged.get(who), guessed.get(who)),
        dimensions={name: round(mean, 2) for name, mean in found.dimensions.items()} if told else {},
        distribution={str(stars): count for stars, count in found.distribution.items()} if told else {},
        reviews=reviews,
    )


@reads(
    "/services/{service_id}/slots",
    N_("The free times of a service."),
    tag=TAG,
    asked=SlotsWanted,
    answer=answers.Slots,
    signed_in=False,
    refusals=(NotFound,),
)
def slots(db: Session, wanted: SlotsWanted, service_id: str) -> answers.Slots:
    service, now = _sold(db, service_id), utc_now()
    begin = max(wanted.from_ or now, now)
    until = wanted.until or begin + timedelta(days=SLOTS_DAYS)
    if until - begin > timedelta(days=SLOTS_DAYS_MAX):
        raise Invalid(fields={"until": N_("Please ask for 62 days at most.")})
    actor = security.current_actor()
    zone = wanted.zone or (actor.zone if actor.user_id else scheduling.zone_of(db, service.consultant_id))
    free = scheduling.slots(
        db, consultant_id=service.consultant_id, terms=booking_rules.terms_of(service), from_=begin, until=until, now=now,
        viewer_id=actor.user_id or None,
    )  # fmt: skip
    return answers.Slots(items=[shown.slot(one, zone) for one in free], zone=zone)


@reads(
    "/services/{service_id}/quote",
    N_("What a session would cost, line by line, and what cancelling it would give back until when."),
    tag=TAG,
    asked=QuoteWanted,
    answer=answers.Quote,
    signed_in=False,
    refusals=(NotFound, PlanDoesNotFit, CreditsUsedUp, CouponRefused, TooMany),
)
def quote(db: Session, wanted: QuoteWanted, service_id: str) -> answers.Quote:
    if wanted.coupon:
        whom = security.current_actor().user_id or request.remote_addr or ""
        limit("coupon", whom, tries=CODES_TRIED_MAX, seconds=CODES_TRIED_SECONDS)
    service = _sold(db, service_id)
    found = plans.quote(
        db, service=service, starts_at=wanted.start, now=utc_now(), person_id=security.current_actor().user_id,
        choice=Choice(
            wanted.use_plan or "", wanted.coupon or "", wanted.points,
            bool(wanted.coupon) and bookings.is_first(db, security.current_actor().user_id),
        ),
    )  # fmt: skip
    return answers.Quote(
        service_id=service.id,
        start=wanted.start,
        end=wanted.start + timedelta(minutes=service.minutes),
        lines=[
            answers.QuoteLine(kind=one.kind, words=say(one.words), amount=shown.money(one.amount))
            for one in found.lines
        ],
        total=shown.money(found.total),
        refunds=shown.refunds(booking_rules.ladder(starts_at=wanted.start, price=found.total)),
    )


def _sold(db: Session, service_id: str) -> ServiceView:
    service = catalog.service(db, service_id)
    if not service.active or not catalog.is_listed(db, service.consultant_id):
        raise NotFound
    return service


def _name(text: str) -> str:
    """An id or an address part; anything else names nobody, and the database is not asked."""
    if len(text) > 80 or not SLUG.fullmatch(text):
        raise NotFound
    return text
