"""What a message may be, who shares a conversation, and how long a page of it is."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence

from zhixun.features.booking.rules import State
from zhixun.features.catalog.rules import FieldView, without_harmless
from zhixun.kernel.errors import N_, Invalid
from zhixun.kernel.values import Words, plain_text

TEXT_LENGTH_MAX = 4_000
KEY_LENGTH_MAX = 64
PAGE_LENGTH = 100
"""Messages shown or sent at once; older ones are a page away."""
CONVERSATIONS_MAX = 1_000
"""Conversations one person's connection starts from; what is older begins with its next message."""
SEQ_MAX = 2**31 - 1

MAY_TALK = frozenset({State.CONFIRMED, State.IN_PROGRESS, State.COMPLETED, State.NO_SHOW})
"""A booking in one of these states opens the pair's conversation. Once open it stays open: for preparing, for the
session itself, and for questions that come up later."""
ROOM_IS_OPEN = frozenset({State.CONFIRMED, State.IN_PROGRESS})
"""Presence and signalling are passed on only while the session is ahead or running."""

_KEY = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def conversation_id_of(client_id: str, consultant_id: str) -> str:
    """The one conversation of a client and a consultant: 32 hex characters made of the two ids."""
    return hashlib.sha256(f"conversation:{client_id}:{consultant_id}".encode()).hexdigest()[:32]


def conversation_id_of_group(group_id: str) -> str:
    return hashlib.sha256(f"conversation of group:{group_id}".encode()).hexdigest()[:32]


def clean_text(text: object) -> str:
    """The words as they are stored, as plain text. Raises Invalid (empty, not words, too long)."""
    if not isinstance(text, str):
        raise Invalid(fields={"text": N_("A message is made of words.")})
    kept = plain_text(text)
    if not kept:
        raise Invalid(N_("Please write something first."), fields={"text": N_("Please write something first.")})
    if len(kept) > TEXT_LENGTH_MAX:
        sentence = N_("A message has at most 4,000 characters. Please send it in two.")
        raise Invalid(sentence, fields={"text": sentence})
    return kept


def help_for(text: str, fields: Sequence[FieldView]) -> Words | None:
    """Where to find help at once when words speak of danger, by the field whose word it is; None otherwise. Here too much
    help does less harm than too little, so a Chinese word counts wherever it stands."""
    plain = f" {re.sub(r'[^0-9a-z㐀-鿿]+', ' ', unicodedata.normalize('NFKC', without_harmless(text)).lower())} "
    for field in fields:
        for word in field.crisis_words:
            wanted = unicodedata.normalize("NFKC", word).lower()
            if (f" {wanted} " if wanted.isascii() else wanted) in plain:
                return field.crisis_help
    return None


def check_key(key: object) -> str:
    """The sender's own id of a message. Raises Invalid."""
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise Invalid(fields={"client_id": N_("The id of a message has 1 to 64 letters, figures, hyphens or dots.")})
    return key


def check_seq(seq: object) -> int:
    """A place in a conversation: 0 is before the first message. Raises Invalid."""
    if not isinstance(seq, int) or isinstance(seq, bool) or not 0 <= seq <= SEQ_MAX:
        raise Invalid(fields={"seq": N_("A place in a conversation is a whole number from 0.")})
    return seq
