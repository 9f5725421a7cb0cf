"""Two true reasons and one honest doubt, in words, made from facts only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from zhixun.features.catalog.rules import ConsultantCard
from zhixun.kernel.values import Language, Words

from .ranking import LATE, NEWCOMER_BELOW, PLACE_MATTERS, Answers
from .understanding import Reading

REASONS_MAX = 2
SOLVED_WORTH_SAYING, YEARS_WORTH_SAYING, CHEAPER_WORTH_SAYING, DEARER_WORTH_SAYING = 0.8, 8, 0.12, 0.2
EVENING_FROM_HOUR = 18
WEEKDAYS = tuple(zip("一二三四五六日", ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), strict=True))


@dataclass(frozen=True)
class Said:
    """`kind`: topic, words, place, time, price, reviews, years, language, check, limits, others."""

    kind: str
    words: Words


@dataclass(frozen=True)
class Facts:
    """What reasons and doubts are made of. `price_ratio`: price per minute as a share of the candidates' median."""

    card: ConsultantCard
    satisfaction: Answers
    first_free: datetime | None
    matched: tuple[str, ...]
    price_ratio: float
    text: float
    """The score of the words as a share of the best candidate's."""
    reading: Reading
    language: Language
    zone: str
    now: datetime


def reasons_of(facts: Facts) -> tuple[Said, ...]:
    """The two best reasons, the most telling first; of one kind each."""
    return tuple(_first(_reasons(facts), REASONS_MAX))


def personal_reasons_of(facts: Facts, *, label: str, name: Words, seen: int, others: bool) -> tuple[Said, ...]:
    """The two best reasons without a question: what they care about, what others chose, then what is true of the consultant.

    `seen`: from how many of the person's own deeds the label comes; 0 where they said it themselves.
    """
    return tuple(_first(_personal(facts, label, name, seen, others), REASONS_MAX))


def _personal(facts: Facts, label: str, name: Words, seen: int, others: bool) -> Iterator[Said]:
    if label and seen:
        times = "once" if seen == 1 else f"{seen} times"
        yield Said("topic", Words(
            f"你问过、看过或约过「{name.zh or name.en}」{seen} 次", f"You asked, looked or booked about “{name.en or name.zh}” {times}"
        ))  # fmt: skip
    elif label:
        yield Said(
            "topic", Words(f"你说过关心「{name.zh or name.en}」", f"You said you care about “{name.en or name.zh}”")
        )
    if others:
        yield Said(
            "others",
            Words("和你选过同一位咨询师的人，也选了这位", "People who chose someone you chose also chose this one"),
        )
    yield from _reasons(facts)


def doubt_of(facts: Facts) -> Said:
    """The first doubt that applies, the gravest first. There always is one: nobody fits without a limit."""
    return next(_doubts(facts))


def _first(said: Iterator[Said], count: int) -> Iterator[Said]:
    kinds: set[str] = set()
    for one in said:
        if one.kind not in kinds and len(kinds) < count:
            kinds.add(one.kind)
            yield one


def _reasons(facts: Facts) -> Iterator[Said]:
    card, seen = facts.card, facts.satisfaction
    shared = [topic for topic in facts.reading.topics if topic.id in card.topic_ids]
    if shared:
        yield Said("topic", Words(
            f"「{shared[0].name.zh}」是常做的主题，正是你问的",
            f"Works on “{shared[0].name.en}”, which is what you ask about",
        ))  # fmt: skip
    if facts.reading.language == "en" and "en" in card.languages:
        yield Said("language", Words("可以用英语咨询", "Speaks English, the language you wrote in"))
    if facts.reading.city and facts.reading.city.zh == card.city.zh:
        yield Said("place", Words(f"人就在{card.city.zh}", f"Works in {card.city.en}, where you are"))
    if seen.shown and seen.solved_share >= SOLVED_WORTH_SAYING:
        share = round(seen.solved_share * 100)
        yield Said("reviews", Words(
            f"{share}% 的人说问题解决了（{seen.count} 份反馈）", f"{share}% say it was solved ({seen.count} answers)"
        ))  # fmt: skip
    if card.years >= YEARS_WORTH_SAYING:
        yield _years(card)
    if facts.first_free and facts.first_free - facts.now <= timedelta(days=1):
        yield Said("time", _free_at(facts.first_free, facts))
    if facts.price_ratio and facts.price_ratio <= 1 - CHEAPER_WORTH_SAYING:
        less = round((1 - facts.price_ratio) * 100)
        yield Said("price", Words(
            f"每分钟价格比同类中位数低 {less}%", f"{less}% below the median price per minute of those who fit"
        ))  # fmt: skip
    yield from _plain_reasons(facts)


def _plain_reasons(facts: Facts) -> Iterator[Said]:
    """True of nearly everyone, so said only when nothing better is."""
    card = facts.card
    if told := _quoted(facts.matched):
        yield Said("words", Words(f"主页里也写到{told.zh}", f"Their page also speaks of {told.en}"))
    if facts.first_free:
        yield Said("time", _free_at(facts.first_free, facts))
    if card.credentials_count:
        count = card.credentials_count
        counted = f"{count} credentials were checked" if count > 1 else "One credential was checked"
        yield Said("check", Words(f"{count} 项资质已核验", counted))
    yield _years(card)
    yield Said("topic", Words(f"专长：{card.line.zh or card.line.en}", f"Does: {card.line.en or card.line.zh}"))


def _doubts(facts: Facts) -> Iterator[Said]:
    card, seen, reading = facts.card, facts.satisfaction, facts.reading
    spoken = reading.language or facts.language
    if spoken not in card.languages:
        yield Said("language", Words("不用中文咨询", "Sessions are in English only") if spoken == "zh" else
                   Words("只用中文咨询", "Sessions are in Chinese only"))  # fmt: skip
    if reading.topics and not any(topic.id in card.topic_ids for topic in reading.topics):
        topic = reading.topics[0].name
        yield Said("topic", Words(f"「{topic.zh}」不在常做的主题里", f"“{topic.en}” is not among their topics"))
    if reading.city and reading.city.zh != card.city.zh and card.field_id in PLACE_MATTERS:
        yield Said("place", Words(
            f"在{card.city.zh}执业，{reading.city.zh}的规定需另行核对",
            f"Practises in {card.city.en}; the rules in {reading.city.en} need a separate check",
        ))  # fmt: skip
    if facts.first_free is None or facts.first_free - facts.now > LATE:
        yield Said("time", Words("7 天内没有空闲时间", "No free time within 7 days"))
    if seen.count < NEWCOMER_BELOW:
        yield Said("reviews", _few_answers(seen.count))
    if facts.price_ratio >= 1 + DEARER_WORTH_SAYING:
        more = round((facts.price_ratio - 1) * 100)
        yield Said("price", Words(
            f"每分钟价格比同类中位数高 {more}%", f"{more}% above the median price per minute of those who fit"
        ))  # fmt: skip
    unsolved = seen.count - round(seen.solved_share * seen.count)
    if unsolved:
        yield Said("reviews", Words(
            f"{seen.count} 份反馈里有 {unsolved} 份说没有完全解决", f"{unsolved} of {seen.count} answers say it was not fully solved"
        ))  # fmt: skip
    yield Said("limits", Words(
        "一次咨询是初步意见，复杂的事可能要约第二次", "One session is a first opinion; a complex matter may need a second"
    ))  # fmt: skip


def _few_answers(count: int) -> Words:
    if not count:
        return Words("刚加入，还没有反馈", "New here, no feedback yet")
    return Words(
        f"只有 {count} 份反馈，还看不出水平",
        f"Only {count} answer{'s' if count > 1 else ''} so far, too few to judge by",
    )


def _years(card: ConsultantCard) -> Said:
    return Said(
        "years", Words(f"从业 {card.years} 年", f"{card.years} year{'' if card.years == 1 else 's'} in the profession")
    )


def _free_at(start: datetime, facts: Facts) -> Words:
    here = start.astimezone(ZoneInfo(facts.zone))
    days = (here.date() - facts.now.astimezone(ZoneInfo(facts.zone)).date()).days
    at, zh, en = f"{here:%H:%M}", *WEEKDAYS[here.weekday()]
    if days == 0:
        return Words(f"{'今晚' if here.hour >= EVENING_FROM_HOUR else '今天'} {at} 就有空", f"Free today at {at}")
    if days == 1:
        return Words(f"明天 {at} 就有空", f"Free tomorrow at {at}")
    if days < len(WEEKDAYS):
        return Words(f"周{zh} {at} 有空", f"Free on {en} at {at}")
    return Words(f"{here.month} 月 {here.day} 日 {at} 有空", f"Free on {here.day}/{here.month} at {at}")


def _quoted(matched: Sequence[str]) -> Words | None:
    """The first few of the matched words that say something by themselves."""
    telling = [word for word in matched if len(word) > 1][:3]
    if not telling:
        return None
    return Words("".join(f"「{word}」" for word in telling), ", ".join(f"“{word}”" for word in telling))
