"""Finding a consultant: the home page, the match, the list, and a consultant's own page."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import jsonify, make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from zhixun.features.accounts import queries as accounts
from zhixun.features.booking import queries as bookings
from zhixun.features.booking import rules as booking
from zhixun.features.catalog import queries as catalog
from zhixun.features.catalog.rules import SLUG
from zhixun.features.instant import queries as instant
from zhixun.features.pages import forms
from zhixun.features.plans import queries as plans
from zhixun.features.profiles import queries as profiles
from zhixun.features.quality import queries as quality
from zhixun.features.recommend import queries as recommend
from zhixun.features.recommend import rules as ranking
from zhixun.features.search import queries as search
from zhixun.features.search.rules import FREE, PAGE_SIZE, PRICE_STEPS_MINOR, SORTS, TEXT_LENGTH_MAX, Suggested, Wanted
from zhixun.kernel.errors import NotFound
from zhixun.kernel.values import new_id, utc_now
from zhixun.web.formats import reader_zone, say
from zhixun.web.languages import language
from zhixun.web.security import current_actor, read

from . import bp, card, seen

REVIEWS = 8
SIMILAR = 3
FOR_YOU = 3
COMPARED_MAX = 3
SLUG_LENGTH_MAX = 80
FACETS = ("field", "topic", "language", "channel", "price", "gender", "seniority", "free")


@bp.get("/")
def home() -> str:
    actor, now = current_actor(), utc_now()
    with read() as db:
        stored = recommend.stored_for(db, actor.user_id)[:FOR_YOU]
        found = search.board(db, now=now, until=_end_of_day(now), also=[one.id for one in stored])
    also = {one.card.id: one for one in found.also}
    for_you = recommend.explained(stored, also, language=language(), zone=reader_zone(), now=now)
    today = any(one.slots and one.slots[0].start < _end_of_day(now) for one in found.items)
    return render_template(
        "pages/home.html", board=found, now=now, today=today, text_length_max=TEXT_LENGTH_MAX, for_you=for_you,
        percent=ranking.PERSONAL_PERCENT,
    )  # fmt: skip


@bp.get("/match")
def match() -> str:
    current_actor()
    now, zone = utc_now(), reader_zone()
    question = request.args.get("q", "").strip()
    with read() as db:
        fields = catalog.fields(db)
        asked = forms.read_asked(_without("q", "field", "topic", "sort", "page"), fields, zone=zone, now=now)
        field = next((one.id for one in fields if one.id == request.args.get("field")), None)
        without = forms.read_without(request.args)
        found = recommend.match(
            db, question=question, field=field, zone=zone, language=language(), now=now, without=without, only=asked.wanted,
            fields=fields,
        )  # fmt: skip
        nearest: tuple[recommend.Suggestion, ...] = ()
        if not found.total and not found.wordless and not found.crisis and _chosen(asked):
            relaxed = recommend.match(
                db,
                question=question,
                field=field,
                zone=zone,
                language=language(),
                now=now,
                without=without,
                fields=fields,
            )
            nearest = relaxed.items
    if not found.crisis and not found.wordless:
        seen.note("question", question, [(one.kind, one.id) for one in found.understood])
    return render_template(
        "pages/match.html", found=found, question=question, field=field, asked=asked, without=without, now=now,
        weights=ranking.WEIGHTS_PERCENT, nearest=nearest, chosen=_chosen(asked), cut=len(question) > TEXT_LENGTH_MAX,
        text_length_max=TEXT_LENGTH_MAX, price_steps=PRICE_STEPS_MINOR, frees=FREE, address=_address,
    )  # fmt: skip


@bp.get("/consultants")
def consultants() -> str:
    current_actor()
    now, zone = utc_now(), reader_zone()
    with read() as db:
        fields = catalog.fields(db)
        asked = forms.read_asked(request.args, fields, zone=zone, now=now)
        found = search.find_consultants(
            db, asked.wanted, now=now, offset=(asked.page - 1) * PAGE_SIZE, limit=PAGE_SIZE, fields=fields
        )
        answers_now = bool(asked.wanted.field) and instant.anyone_in(db, asked.wanted.field, now)
    if asked.wanted.text and asked.page == 1:
        chosen = [(name, value) for name in ("field", "topic") if (value := getattr(asked.wanted, name))]
        seen.note("search", asked.wanted.text, chosen)
    pages = -(-found.total // PAGE_SIZE)
    return render_template(
        "pages/consultants.html", found=found, asked=asked, pages=pages, chosen=_chosen(asked), sorts=SORTS,
        price_steps=PRICE_STEPS_MINOR, frees=FREE, address=_address, now=now,
        answers_now=answers_now,
    )  # fmt: skip


@bp.get("/c/<slug>")
def consultant(slug: str) -> str | Response:
    actor, now = current_actor(), utc_now()
    if not SLUG.fullmatch(slug) or len(slug) > SLUG_LENGTH_MAX:
        raise NotFound
    with read() as db:
        try:
            page = catalog.consultant(db, slug)
        except NotFound:
            former = catalog.former_card(db, slug)
            if former is None:
                raise
            wanted = Wanted(field=former.field_id)
            similar = search.find_consultants(db, wanted, now=now, limit=SIMILAR)
            return make_response(render_template("pages/gone.html", former=former, similar=similar), 410)
        field = catalog.field(db, page.card.field_id)
        judged, reviews = quality.quality_and_reviews(db, page.card.id, limit=REVIEWS)
        names = accounts.people(db, [line.client_id for line in reviews]) if reviews else {}
        now_with = instant.answers_now(db, page.card, now)
        offer = plans.offer_of(db, page.card.id, actor.user_id, now)
        groups = bookings.groups_of(db, page.card.id, now)
        saved = profiles.has_saved(db, actor.user_id, page.card.id)
        services = {page.card.id: [service.timing for service in page.card.services]}
        times = search.free_times(
            db,
            services,
            [page.card.id],
            now=now,
            from_=now,
            until=now + search.LOOK_AHEAD,
            viewer_id=actor.user_id or None,
        )
    booked = card.booking_card(
        page.card, times, service_id=request.args.get("service", ""), at=request.args.get("at", ""),
        week=request.args.get("week", ""), zone=reader_zone(), now=now,
    )  # fmt: skip
    topic = page.card.topic_ids[0] if page.card.topic_ids else ""
    return render_template(
        "pages/consultant.html", page=page, card=page.card, field=field, seen=judged, reviews=reviews,
        initials={user_id: person.name.strip()[:1].upper() for user_id, person in names.items()}, booked=booked,
        booking_id=new_id(), now=now, zone=reader_zone(), hold_minutes=booking.HOLD.seconds // 60, release_hours=booking.RELEASE_AFTER.days * 24,
        now_with=now_with, saved=saved, offer=offer, groups=groups, takes_crises=any(one.crisis for one in field.topics if one.id in page.card.topic_ids), topic=topic, similar_count=search.count_of_topic(topic) - 1 if topic and not booked.any else 0,
    )  # fmt: skip


@bp.get("/suggest")
def suggest() -> Response | str:
    """What may be meant by the first letters: a page for whoever has no script, JSON for the list under the box."""
    current_actor()
    typed = request.args.get("q", "")[:TEXT_LENGTH_MAX]
    with read() as db:
        found = search.suggest(db, typed)
    lines = [(one, _address_of(one)) for one in found]
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        return jsonify(items=[{"kind": one.kind, "words": say(one.words), "url": where} for one, where in lines])
    return render_template("pages/suggest.html", typed=typed, lines=lines)


def _address_of(one: Suggested) -> str:
    if one.kind == "consultant":
        return url_for("pages.consultant", slug=one.key)
    if one.kind == "topic":
        return url_for("pages.consultants", field=one.field, topic=one.key)
    return url_for("pages.consultants", field=one.key)


@bp.get("/compare")
def compare() -> str:
    """Up to COMPARED_MAX consultants side by side: `with` names their ids or addresses, once with commas or several times."""
    current_actor()
    asked = [name for part in request.args.getlist("with") for name in part.split(",") if SLUG.fullmatch(name)]
    names = list(dict.fromkeys(name for name in asked if len(name) <= SLUG_LENGTH_MAX))[:COMPARED_MAX]
    with read() as db:
        ids = catalog.ids_by_slug(db, names) if names else {}
        found = search.consultants_of(db, [ids.get(name, name) for name in names], now=utc_now())
        fields = {one.id: one for one in catalog.bare_fields(db)}
    shown = [found[one] for one in (ids.get(name, name) for name in names) if one in found]
    return render_template("pages/compare.html", shown=shown, fields=fields, most=COMPARED_MAX)


def _end_of_day(now: datetime) -> datetime:
    zone = ZoneInfo(reader_zone())
    return datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time(), zone)


def _without(*names: str) -> dict[str, str]:
    return {name: value for name, value in request.args.items() if name not in names}


def _chosen(asked: forms.Asked) -> tuple[str, ...]:
    """The facets that narrow the list now."""
    values = {name: getattr(asked.wanted, name, "") for name in FACETS}
    values |= {"free": asked.free, "price": "1" if asked.wanted.price_max_minor is not None else ""}
    return tuple(name for name in FACETS if values[name])


def _address(**changes: str | None) -> str:
    """This address with some parts changed; None takes one away. The page number never stays."""
    kept = {name: value for name, value in request.args.items() if value and name != "page"}
    kept |= {name: value for name, value in changes.items() if value}
    for name, value in changes.items():
        if value is None:
            kept.pop(name, None)
    return f"{request.script_root}{request.path}{'?' + urlencode(kept) if kept else ''}"
