"""A question's field, topics, place and language, and whether it speaks of danger. By words alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from zhixun.features.catalog.rules import FieldView, TopicView
from zhixun.features.search.rules import TEXT_LENGTH_MAX, all_words, is_chinese, normal, word_ends, words
from zhixun.kernel.values import Language, Words

TOPICS_MAX = 3
TERM_WEIGHT, TERM_LETTERS_MAX, WORD_WEIGHT = 1.0, 5, 0.6
TOPIC_SCORE_MIN, TOPIC_SHARE_MIN = 0.9, 0.45
"""A topic is understood from this score on, and from this share of the best topic's."""

CITIES = tuple(
    Words(zh, en)
    for zh, en in (
        ("北京", "Beijing"), ("上海", "Shanghai"), ("广州", "Guangzhou"), ("深圳", "Shenzhen"), ("杭州", "Hangzhou"),
        ("南京", "Nanjing"), ("苏州", "Suzhou"), ("成都", "Chengdu"), ("重庆", "Chongqing"), ("武汉", "Wuhan"),
        ("西安", "Xi'an"), ("天津", "Tianjin"), ("长沙", "Changsha"), ("郑州", "Zhengzhou"), ("青岛", "Qingdao"),
        ("厦门", "Xiamen"), ("宁波", "Ningbo"), ("合肥", "Hefei"), ("济南", "Jinan"), ("沈阳", "Shenyang"),
        ("大连", "Dalian"), ("福州", "Fuzhou"), ("昆明", "Kunming"), ("东莞", "Dongguan"), ("无锡", "Wuxi"),
        ("香港", "Hong Kong"), ("台北", "Taipei"), ("新加坡", "Singapore"), ("伦敦", "London"), ("纽约", "New York"),
        ("多伦多", "Toronto"), ("悉尼", "Sydney"), ("墨尔本", "Melbourne"), ("东京", "Tokyo"), ("柏林", "Berlin"),
    )
)  # fmt: skip


@dataclass(frozen=True)
class Understood:
    """One thing we read out of the question. `kind`: field, topic or city; `id` is empty for a city."""

    kind: str
    id: str
    words: Words


@dataclass(frozen=True)
class Reading:
    field: FieldView | None
    topics: tuple[TopicView, ...]
    weights: dict[str, float]
    """Topic id → how strongly the question speaks of it."""
    city: Words | None
    language: Language | None
    words: tuple[str, ...]

    @property
    def understood(self) -> tuple[Understood, ...]:
        found = [Understood("field", self.field.id, self.field.name)] if self.field else []
        found += [Understood("topic", topic.id, topic.name) for topic in self.topics]
        return tuple(found + ([Understood("city", "", self.city)] if self.city else []))


NOTHING_READ = Reading(None, (), {}, None, None, ())


def read(question: str, fields: Sequence[FieldView], *, field: str = "", without: Collection[str] = ()) -> Reading:
    """What the question is about. `field` was chosen by hand; topics in `without` were taken away by hand."""
    text = _Text(question)
    found = [
        each for each in _topic_scores(text, fields) if each.topic.id not in without and field in ("", each.field.id)
    ]
    best = max((each.score for each in found), default=0.0)
    near = [each for each in found if each.score >= max(TOPIC_SCORE_MIN, best * TOPIC_SHARE_MIN)]
    near = sorted(near, key=lambda each: -each.score)[:TOPICS_MAX]
    chosen = next((one for one in fields if one.id == field), None) or _field_of(near)
    return Reading(
        field=chosen,
        topics=tuple(each.topic for each in near),
        weights={each.topic.id: each.score for each in near},
        city=None
        if "city" in without
        else next((city for city in CITIES if text.has(city.zh) or text.has(city.en)), None),
        language=text.language,
        words=text.words,
    )


def labels_of(question: str, fields: Sequence[FieldView]) -> tuple[str, ...]:
    """What a text is about, as labels: "field=legal", "topic=divorce-custody"."""
    if not question.strip():
        return ()
    return tuple(f"{one.kind}={one.id}" for one in read(question, fields).understood if one.id)


def crisis_of(question: str, fields: Sequence[FieldView], *, field: str = "") -> Words | None:
    """What to say first when the question speaks of danger, by the field whose word for it was found; else None.

    A field chosen by hand is asked first. Of several words the longest decides.
    """
    text = _Text(question)
    found = [
        (one.id == field, len(word), one.crisis_help)
        for one in fields
        for word in one.crisis_words
        if text.has(word, whole=True)
    ]
    return max(found, key=lambda each: each[:2])[2] if found else None


class _Text:
    """A question, in the forms in which terms are looked for."""

    def __init__(self, question: str) -> None:
        text = normal(question[:TEXT_LENGTH_MAX])
        self.words = words(text)
        self._close = re.sub(r"\s+", "", text)
        self._open = f" {re.sub(r'[^a-z0-9+#]+', ' ', text)} "
        self._stems = f" {' '.join(all_words(text))} "
        self.language: Language | None = "zh" if is_chinese(text) else "en" if re.search(r"[a-z]{2}", text) else None
        self._ends: frozenset[int] | None = None

    def has(self, term: str, *, whole: bool = False) -> bool:
        """Whether the term is there. `whole`: in Chinese it must end where a word ends ("被打" is not in "被打断")."""
        chinese, form = _form(term)
        return self._has_chinese(form, whole) if chinese else bool(form) and f" {form} " in self._open

    def has_stem(self, term: str) -> bool:
        stems = _stems(term)
        return bool(stems) and f" {stems} " in self._stems

    def _has_chinese(self, term: str, whole: bool) -> bool:
        at = self._close.find(term)
        while at >= 0 and whole and at + len(term) not in self._word_ends():
            at = self._close.find(term, at + 1)
        return at >= 0

    def _word_ends(self) -> frozenset[int]:
        if self._ends is None:
            self._ends = word_ends(self._close)
        return self._ends


@dataclass(frozen=True)
class _Scored:
    field: FieldView
    topic: TopicView
    score: float


def _topic_scores(text: _Text, fields: Sequence[FieldView]) -> Iterator[_Scored]:
    """Whole terms count by their length; single words count the less, the more topics have them."""
    vocabularies = {topic.id: _vocabulary(_terms(topic)) for one in fields for topic in one.topics}
    spread = Counter(word for vocabulary in vocabularies.values() for word in vocabulary)
    asked = set(text.words)
    for one in fields:
        for topic in one.topics:
            terms = [_length(term) for term in _terms(topic) if text.has(term) or text.has_stem(term)]
            singles = sum(WORD_WEIGHT / spread[word] for word in asked & vocabularies[topic.id])
            score = TERM_WEIGHT * sum(sorted(terms, reverse=True)[:3]) + singles
            if score:
                yield _Scored(one, topic, score)


def _terms(topic: TopicView) -> tuple[str, ...]:
    return (topic.name.zh, topic.name.en, *topic.synonyms)


@lru_cache(maxsize=4_096)
def _vocabulary(terms: tuple[str, ...]) -> frozenset[str]:
    return frozenset(word for term in terms for word in words(term))


@lru_cache(maxsize=16_384)
def _form(term: str) -> tuple[bool, str]:
    """Whether the term is Chinese, and how it is looked for: without spaces, or as words between single spaces."""
    text = normal(term)
    if is_chinese(text):
        return True, re.sub(r"\s+", "", text)
    return False, re.sub(r"[^a-z0-9+#]+", " ", text).strip()


@lru_cache(maxsize=16_384)
def _stems(term: str) -> str:
    """An English term as stems; nothing for a Chinese one."""
    return "" if is_chinese(term) else " ".join(all_words(term))


def _length(term: str) -> float:
    """Chinese characters, or two for each English word, up to TERM_LETTERS_MAX; then halved, so that two characters are one."""
    letters = len(term) if is_chinese(term) else 2 * len(term.split())
    return min(letters, TERM_LETTERS_MAX) / 2


def _field_of(near: Sequence[_Scored]) -> FieldView | None:
    sums: dict[str, float] = {}
    for each in near:
        sums[each.field.id] = sums.get(each.field.id, 0.0) + each.score
    return max((each.field for each in near), key=lambda one: sums[one.id], default=None)
