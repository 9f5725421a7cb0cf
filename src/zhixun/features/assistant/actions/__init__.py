"""Tell the assistant: change articles, keep what was said, hand over."""

from .articles import StaleArticle, publish_article, put_house_articles, take_back_article, write_article
from .talks import (
    AnsweredAlready,
    answer_hand_over,
    ask_person,
    claim_talk,
    forget_unowned,
    lapse_hand_overs,
    record_answer,
)

__all__ = [
    "AnsweredAlready",
    "StaleArticle",
    "answer_hand_over",
    "ask_person",
    "claim_talk",
    "forget_unowned",
    "lapse_hand_overs",
    "publish_article",
    "put_house_articles",
    "record_answer",
    "take_back_article",
    "write_article",
]
