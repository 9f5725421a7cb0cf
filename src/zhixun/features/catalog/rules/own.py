"""What consultants write themselves: the words of their page, and what they sell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zhixun.kernel.errors import N_, Invalid
from zhixun.kernel.values import Money, Words

from . import PRICE_MINOR_MAX, SHORT_LENGTH_MAX, TEXT_LENGTH_MAX

SERVICES_MAX = 12
"""So many services one consultant sells at once."""
OFFER_MINUTES = (15, 30, 45, 60, 90, 120)
OFFER_PRICE_MINOR_MIN = 1_000
GOOD_FOR_MAX = 8
TITLE_LENGTHS, LINE_LENGTHS, ABOUT_LENGTHS, CITY_LENGTHS = (2, 60), (5, 160), (20, TEXT_LENGTH_MAX), (1, 60)
LANGUAGES = ("zh", "en")


@dataclass(frozen=True)
class OwnWords:
    """What consultants say of themselves; their name, field and years stay as the house has checked them."""

    title: Words
    line: Words
    about: Words
    city: Words
    topic_ids: tuple[str, ...]
    languages: tuple[str, ...]
    good_for: tuple[Words, ...] = ()
    not_for: tuple[Words, ...] = ()


@dataclass(frozen=True)
class Offer:
    """What a consultant may change of a service that is on sale; its channel and length stay what people have booked."""

    title: Words
    note: Words
    included: tuple[Words, ...]
    price: Money


def check_own_words(said: OwnWords) -> None:
    """Raises Invalid naming everything that is wrong."""
    wrong: dict[str, str] = {}
    for name, lengths, sentence in (
        ("title", TITLE_LENGTHS, N_("A title has 2 to 60 characters.")),
        ("line", LINE_LENGTHS, N_("Say in one line, of 5 to 160 characters, what you solve.")),
        ("about", ABOUT_LENGTHS, N_("Tell clients how you can help, in 20 to 2,000 characters.")),
        ("city", CITY_LENGTHS, N_("Please say in which city you work.")),
    ):
        if not _in_bounds(getattr(said, name), lengths):
            wrong[name] = sentence
    if not said.topic_ids:
        wrong["topics"] = N_("Choose one topic at least: people are led to you by them.")
    if not said.languages or not set(said.languages) <= set(LANGUAGES):
        wrong["languages"] = N_("Choose the languages you work in.")
    for name in ("good_for", "not_for"):
        if not _are_lines(getattr(said, name)):
            wrong[name] = N_("These are at most 8 lines of at most 200 characters.")
    if wrong:
        raise Invalid(fields=wrong)


def check_offer(offer: Offer) -> None:
    """Raises Invalid naming everything that is wrong."""
    wrong: dict[str, str] = {}
    if not _in_bounds(offer.title, TITLE_LENGTHS):
        wrong["title"] = N_("A title has 2 to 60 characters.")
    if not all(len(text) <= SHORT_LENGTH_MAX for text in (offer.note.zh, offer.note.en)):
        wrong["note"] = N_("This text is too long.")
    if not _are_lines(offer.included):
        wrong["included"] = N_("These are at most 8 lines of at most 200 characters.")
    if not OFFER_PRICE_MINOR_MIN <= offer.price.amount_minor <= PRICE_MINOR_MAX:
        wrong["price"] = N_("A price is between 10 and 100,000 yuan.")
    if wrong:
        raise Invalid(fields=wrong)


def _in_bounds(said: Words, lengths: tuple[int, int]) -> bool:
    """In one language at least, and what is said in the other is no worse."""
    texts = [text for text in (said.zh, said.en) if text]
    return bool(texts) and all(lengths[0] <= len(text) <= lengths[1] for text in texts)


def _are_lines(many: Sequence[Words]) -> bool:
    short = all(len(text) <= SHORT_LENGTH_MAX for words in many for text in (words.zh, words.en))
    return len(many) <= GOOD_FOR_MAX and short
