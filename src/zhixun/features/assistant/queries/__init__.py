"""Ask the assistant: articles, what is known about a question, conversations and hand-overs."""

from .articles import (
    ArticleLine,
    RevisionLine,
    article,
    articles,
    house_articles,
    passages_of,
    published_article,
    published_articles,
    revisions,
)
from .evidence import Prepared, Told, prepared, told
from .talks import HandOverView, TalkView, TurnView, hand_over, hand_overs, talk, waiting_count

__all__ = [
    "ArticleLine",
    "HandOverView",
    "Prepared",
    "RevisionLine",
    "TalkView",
    "Told",
    "TurnView",
    "article",
    "articles",
    "hand_over",
    "hand_overs",
    "house_articles",
    "passages_of",
    "prepared",
    "published_article",
    "published_articles",
    "revisions",
    "talk",
    "told",
    "waiting_count",
]
