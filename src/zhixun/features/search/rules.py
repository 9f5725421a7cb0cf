"""What one may look for, how text becomes words, and where a page of results ends."""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import rjieba

from zhixun.features.catalog.rules import CHANNELS, SENIORITIES
from zhixun.kernel.errors import N_
from zhixun.kernel.values import Words

TEXT_LENGTH_MAX = 4_000
"""Characters of a question that are read; what follows is not."""
WORDS_MAX = 120
PINYIN_LETTERS_MAX, SUGGESTED_MAX, SUGGEST_LENGTH_MAX = 8, 8, 40
PAGE_SIZE, PAGE_SIZE_MAX = 12, 100
CANDIDATES_MAX = 1_000
"""So many best fits take part in what needs the calendar: free times, and the soonest first."""
SCORE_FLOOR = 0.12
"""Of the best score: who fits less than this shares only everyday words with the question."""
SLOTS_EACH = 3
SOONEST_AT_ONCE = 300
"""So many of those who are free the soonest are asked of the index at a time, until a page is full."""
BOARD_EACH, BOARD_AHEAD = 40, timedelta(days=7)
"""So many of the best rated of each field are asked when they are free, so far ahead, for the home page."""
FREE_AHEAD_MAX = timedelta(days=60)
"""Free times are looked for so far ahead at most."""
SORTS = ("fit", "price", "rating", "soonest")
GENDERS = ("female", "male")
GENDER_OF = {"f": "female", "m": "male"}
"""Short forms that imported pages may have."""
LANGUAGES = ("zh", "en")
PRICE_STEPS_MINOR = (20_000, 30_000, 50_000)
PRIOR_MEAN, PRIOR_COUNT = 4.2, 8
"""What we believe of someone without feedback, and how many answers that belief weighs."""
FREE = ("today", "evening", "tomorrow", "weekend", "week")
EVENING = (time(18), time(22))
FACETS = ("field", "topic", "language", "channel", "gender", "seniority")


@dataclass(frozen=True)
class Wanted:
    """What someone looks for. Empty text means everyone; `free_from`/`free_until` are aware instants."""

    text: str = ""
    field: str = ""
    topic: str = ""
    language: str = ""
    channel: str = ""
    price_max_minor: int | None = None
    free_from: datetime | None = None
    free_until: datetime | None = None
    zone: str = "Asia/Shanghai"
    sort: str = "fit"
    gender: str = ""
    seniority: str = ""

    @property
    def asks_free_time(self) -> bool:
        return self.free_from is not None or self.free_until is not None


def problems(wanted: Wanted) -> dict[str, str]:
    """What makes no sense, by name of the input, with a sentence; empty when all is well.

    Whether a field or a topic exists only the catalogue knows; one that does not finds nobody.
    """
    found: dict[str, str] = {}
    if wanted.language and wanted.language not in LANGUAGES:
        found["language"] = N_("A language is zh or en.")
    if wanted.channel and wanted.channel not in CHANNELS:
        found["channel"] = N_("A session is by video, voice or text.")
    if wanted.price_max_minor is not None and wanted.price_max_minor < 0:
        found["price_max_minor"] = N_("A price is not below zero.")
    if wanted.sort not in SORTS:
        found["sort"] = N_("Results are sorted by fit, price, rating or soonest.")
    if wanted.gender and wanted.gender not in GENDERS:
        found["gender"] = N_("A gender is female or male.")
    if wanted.seniority and wanted.seniority not in SENIORITIES:
        found["seniority"] = N_("A seniority is junior, senior or principal.")
    if wanted.free_from and wanted.free_until and wanted.free_from >= wanted.free_until:
        found["free_until"] = N_("The end lies before the beginning.")
    return found


def window(free: str, zone: str, now: datetime) -> tuple[datetime | None, datetime | None]:
    """The time meant by a word, on the reader's clock: [from, until). No word, no window. An evening that is
    over goes on until midnight."""
    if not free:
        return None, None
    here = now.astimezone(ZoneInfo(zone))
    day = datetime.combine(here.date(), time(), ZoneInfo(zone))
    if free == "evening":
        from_, until = (datetime.combine(here.date(), hour, ZoneInfo(zone)) for hour in EVENING)
        return max(now, from_), until if now < until else day + timedelta(days=1)
    if free == "tomorrow":
        return day + timedelta(days=1), day + timedelta(days=2)
    if free == "weekend":
        saturday = day + timedelta(days=(5 - here.weekday()) % 7 if here.weekday() != 6 else -1)
        return max(now, saturday), saturday + timedelta(days=2)
    return now, day + timedelta(days=1) if free == "today" else now + timedelta(days=7)


def shrunk_mean(mean: float, count: int) -> float:
    """Satisfaction drawn towards PRIOR_MEAN the fewer answers there are: (mean·n + prior·k) / (n + k), 1 to 5."""
    return (mean * count + PRIOR_MEAN * PRIOR_COUNT) / (count + PRIOR_COUNT)


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060\ufeff]")
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_RUN = re.compile(r"[\u3400-\u9fff]+|[a-z0-9]+(?:'[a-z]+)*(?:[+#][a-z0-9]*)*")
_LEARNED: set[str] = set()
_CUTTER = threading.Lock()
"""The cutter lets other threads run while it works, and refuses whoever comes meanwhile with a new word ("Already
borrowed"): one at a time."""

_EVERYDAY_ZH = (
    "的 了 是 在 我 有 和 就 不 人 都 一 一个 上 也 很 到 说 要 去 你 会 着 没有 看 好 自己 这 那 吗 呢 吧 啊 么 什么 怎么 怎么办 怎样 如何 "
    "为什么 可以 能 能否 能不能 可不可以 是不是 该 应该 该不该 想 想要 需要 请问 请 帮 帮我 帮忙 谢谢 您好 你好 大家 最近 现在 已经 还 还是 但 但是 "
    "因为 所以 如果 然后 以及 或 或者 而 与 及 被 把 给 让 跟 对 从 向 为 为了 比 更 最 太 只 又 再 才 个 位 次 些 种 里 中 下 前 后 时 时候 之 其 "
    "他 她 它 我们 他们 她们 你们 咱们 咨询 问题 情况 事情 事 找 老师 咨询师 专家 有没有 一下 一直 一些 多少 几 哪 哪些 哪里 谁 几个 两 三 "
    "不知道 不知 知道 觉得 感觉 有点 总是 老是 经常 今年 明年 去年 今天 明天 昨天 天 年 月 岁 用 来 得 地 过 做 当 等 等等 问 这个 那个 这些 那些 这样 那样 之类 真的 特别 非常"
)
_EVERYDAY_EN = (
    "a an the and or but if then so of to in on at by for from with without about as is am are was were be been being do does did "
    "doing done have has had having i me my mine we us our you your he him his she her it its they them their this that these "
    "those what which who whom how why when where can could may might must shall should will would not no nor too very just "
    "also there here some any all each more most other such only own same than s t d ll m re ve want need help please get got "
    "someone looking find know think im ive dont cant after before now today year years old one two three"
)
_STOP_ZH, _STOP_EN = frozenset(_EVERYDAY_ZH.split()), frozenset(_EVERYDAY_EN.split())


def normal(text: str) -> str:
    """Full width to half width, lower case, no control characters."""
    return _CONTROL.sub(" ", unicodedata.normalize("NFKC", text).lower()).replace("\u2019", "'")


def words(text: str) -> tuple[str, ...]:
    """The words of a text in Chinese or English, each once, in order; everyday words left out, at most WORDS_MAX.

    A long Chinese word comes with its parts, so that "竞业限制协议" is found by "竞业"; an English word as its stem.
    """
    return tuple(dict.fromkeys(all_words(text[:TEXT_LENGTH_MAX])))[:WORDS_MAX]


def all_words(text: str) -> list[str]:
    """The words of a text of any length, as often as they come."""
    found: list[str] = []
    for run in _RUN.findall(normal(text)):
        found += _chinese_words(run) if is_chinese(run) else _latin_words(run)
    return found


def learn(terms: Iterable[str]) -> None:
    """Teach the cutter the names of topics and their synonyms. Safe to call again and again."""
    for term in terms:
        if term in _LEARNED:
            continue
        word = normal(term).strip()
        if len(word) > 1 and is_chinese(word):
            with _CUTTER:
                rjieba.add_word(word, None, None)
        _LEARNED.add(term)


def word_ends(text: str) -> frozenset[int]:
    """Where words of a Chinese text end, as places in it."""
    with _CUTTER:
        return frozenset(end for _, _, end in rjieba.tokenize(text))


def _chinese_words(run: str) -> list[str]:
    with _CUTTER:
        found = rjieba.cut_for_search(run)
    return [word for word in found if word not in _STOP_ZH]


def _latin_words(run: str) -> Iterable[str]:
    word = run.replace("'", "")
    if word not in _STOP_EN and len(word) > 1:
        yield stem(word)


@lru_cache(maxsize=8_192)
def stem(word: str) -> str:
    """An English word without its commonest endings: "agreements" → "agreement", "dismissed" → "dismiss"."""
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return word
    root = next(
        (
            word.removesuffix(ending) + instead
            for ending, instead, rest_min in _ENDINGS
            if word.endswith(ending) and len(word) - len(ending) >= rest_min
        ),
        word,
    )
    if len(root) > 3 and root[-1] == root[-2] and root[-1] not in "aeiouls":
        root = root[:-1]
    root = root.removesuffix("e") if len(root) > 3 else root
    return root[:-1] + "i" if root.endswith("y") and len(root) > 3 else root


# Ending, what takes its place, and how many letters must be left; the first that fits is taken.
_ENDINGS = (
    ("ications", "i", 3), ("ication", "i", 3), ("ations", "at", 3), ("ation", "at", 3), ("ments", "ment", 3),
    ("nesses", "", 3), ("iness", "i", 3), ("ness", "", 3), ("sses", "ss", 2), ("ies", "i", 2), ("ied", "i", 2),
    ("ings", "", 3), ("ing", "", 3), ("ers", "", 4), ("er", "", 4), ("ed", "", 3), ("al", "", 5), ("ss", "ss", 1),
    ("us", "us", 2), ("is", "is", 2), ("es", "", 3), ("s", "", 3),
)  # fmt: skip


def pinyin_words(text: str) -> tuple[str, ...]:
    """How the Chinese words of a text sound: "离婚" → "lihun"; each word of two and more characters, in order, once."""
    words_of = (word for run in _RUN.findall(normal(text)) if is_chinese(run) for word in (run, *_chinese_words(run)))
    return tuple(dict.fromkeys(stem(pinyin(word)) for word in words_of if 1 < len(word) <= PINYIN_LETTERS_MAX))


@lru_cache(maxsize=16_384)
def pinyin(word: str) -> str:
    """Without tones and spaces; the same for words that sound the same. pypinyin is read at the first question only."""
    from pypinyin import lazy_pinyin

    return "".join(lazy_pinyin(word, errors=lambda other: other.lower() if other.isascii() else ""))


@dataclass(frozen=True)
class Suggested:
    """What may be meant by the first letters. `kind`: field, topic or consultant; `key`: an id, or the page's slug."""

    kind: str
    key: str
    words: Words
    field: str = ""


def suggestions(typed: str, named: Iterable[Suggested], terms: Mapping[str, Sequence[str]]) -> list[Suggested]:
    """Whose name, synonym or sound begins with what was typed, then whose contains it; SUGGESTED_MAX at most.

    `terms`: key → further names of a topic.
    """
    asked = "".join(normal(typed).split())
    if not asked:
        return []
    found: list[tuple[int, int, Suggested]] = []
    for number, one in enumerate(named):
        forms = [
            form for name in (one.words.zh, one.words.en, *terms.get(one.key, ())) if name for form in _forms(name)
        ]
        begins, has = any(form.startswith(asked) for form in forms), any(asked in form for form in forms)
        if begins or (has and len(asked) > 1):
            found.append((0 if begins else 1, number, one))
    return [one for _, _, one in sorted(found, key=lambda each: each[:2])[:SUGGESTED_MAX]]


@lru_cache(maxsize=16_384)
def _forms(name: str) -> tuple[str, ...]:
    plain = "".join(normal(name).split())
    later = tuple("".join(normal(word).split()) for word in name.split()[1:])
    return (plain, pinyin(plain), *later) if is_chinese(plain) else (plain, *later)


def is_chinese(text: str) -> bool:
    return _CHINESE.search(text) is not None
