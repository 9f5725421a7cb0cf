"""Consultants as the index sees them, read from the database."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy.orm import Session

from zhixun.features.catalog import queries as catalog
from zhixun.features.catalog.rules import ConsultantPage, FieldView, ServiceView
from zhixun.features.quality import queries as quality
from zhixun.features.quality.queries import NOTHING_YET, Satisfaction
from zhixun.features.search import rules
from zhixun.features.search.ports import Document
from zhixun.kernel.values import Words


def documents(db: Session, ids: Sequence[str] | None = None) -> list[Document]:
    """The documents of everyone who can be booked, or of those among these ids. Six statements."""
    fields = {field.id: field for field in catalog.fields(db)}
    learn(fields.values())
    pages = [page for page in catalog.listed_pages(db, ids) if page.card.services and page.card.field_id in fields]
    satisfaction = quality.satisfaction_of(db, [page.card.id for page in pages])
    return [_document(page, fields[page.card.field_id], satisfaction.get(page.card.id, NOTHING_YET)) for page in pages]


def learn(fields: Iterable[FieldView]) -> None:
    """Teach the cutter what the house calls its topics."""
    for field in fields:
        for topic in field.topics:
            rules.learn((topic.name.zh, *topic.synonyms))


def _document(page: ConsultantPage, field: FieldView, satisfaction: Satisfaction) -> Document:
    card = page.card
    topics = [topic for topic in field.topics if topic.id in card.topic_ids]
    main = _words(
        card.name, card.title, card.line, field.name, *page.good_for,
        *(topic.name for topic in topics), *(Words(synonym) for topic in topics for synonym in topic.synonyms),
    )  # fmt: skip
    side = _words(
        page.about, card.city, *(words for service in card.services for words in (service.title, service.note))
    )
    sounds = rules.pinyin_words(
        " \n".join((card.name.zh, *(term for topic in topics for term in (topic.name.zh, *topic.synonyms))))
    )
    side = (*side, *sounds)
    prices = dict(_cheapest(card.services))
    labels = (
        f"field={card.field_id}", f"gender={rules.GENDER_OF.get(card.gender, card.gender)}", f"seniority={card.seniority}",
        *(f"topic={topic.id}" for topic in topics), *(f"language={language}" for language in card.languages),
        *(f"channel={channel}" for channel in prices if channel), *_price_labels(prices),
    )  # fmt: skip
    rating = round(rules.shrunk_mean(satisfaction.mean, satisfaction.count), 4)
    told = repr((main, side, labels, sorted(prices.items()), rating))
    return Document(card.id, main, side, labels, prices, rating, hashlib.sha256(told.encode()).hexdigest()[:20])


def _words(*texts: Words) -> tuple[str, ...]:
    both = " \n".join(part for text in texts for part in (text.zh, text.en) if part)
    return tuple(rules.all_words(both))


def _cheapest(services: Sequence[ServiceView]) -> Iterator[tuple[str, int]]:
    yield "", min(service.price.amount_minor for service in services)
    for channel in sorted({service.channel for service in services}):
        yield channel, min(service.price.amount_minor for service in services if service.channel == channel)


def _price_labels(prices: Mapping[str, int]) -> Iterator[str]:
    """ "price=30000": not above 300 yuan; "price_video=30000": not above that by video."""
    for channel, minor in prices.items():
        for step in rules.PRICE_STEPS_MINOR:
            if minor <= step:
                yield f"price_{channel}={step}" if channel else f"price={step}"
