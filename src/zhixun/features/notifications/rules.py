"""The kinds of notices, the sentences they are shown with, and the mails.

A notice is shown to someone who is here, so its sentence is a key of the web's translations. A mail is written by the
worker, where nobody is here and no page has a language: each is a whole text in both languages, side by side, so that
whoever changes one sees the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from zhixun.kernel.errors import N_
from zhixun.kernel.values import Words

SENTENCES = {
    "booking_confirmed": N_("Your session “%(title)s” with %(other)s is confirmed."),
    "booking_cancelled": N_("The session “%(title)s” with %(other)s was cancelled."),
    "booking_expired": N_("The time for “%(title)s” was not paid for and is free again."),
    "session_completed": N_("Your session “%(title)s” is over. How was it?"),
    "missed_by_client": N_("“%(title)s” did not take place: the client was not there."),
    "missed_by_consultant": N_("“%(title)s” did not take place: the consultant was not there."),
    "feedback_given": N_("%(other)s told you how the session was."),
}

WEEKDAYS = {
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
BACK = {"zh": "应退的款项会原路退回。", "en": "What is due to you goes back the way it was paid."}
FREE = {"zh": "{until} 前可全额取消。", "en": "Cancel free of charge until {until}."}
MAILS = {
    "zh": {
        "booking_confirmed": ("咨询已确认：{title}", "你和{other}的咨询「{title}」已确认。\n\n时间：{when}\n时长：{minutes} 分钟{free}"),
        "booking_cancelled": ("咨询已取消：{title}", "你和{other}的咨询「{title}」已取消。\n\n原定时间：{when}{back}"),
        "booking_expired": ("时段已释放：{title}", "「{title}」没有在保留时间内付款，时段已经释放。\n\n原定时间：{when}\n\n你可以重新选择一个时间。"),
        "session_completed": ("这次咨询怎么样？", "「{title}」已结束。\n\n请用一分钟告诉我们它有没有帮到你。七天内可以修改。"),
        "missed_by_client": ("咨询未进行：{title}", "「{title}」没有进行：开始 15 分钟后客户仍未到场。\n\n原定时间：{when}"),
        "missed_by_consultant": ("咨询未进行：{title}", "「{title}」没有进行：开始 15 分钟后咨询师仍未到场。\n\n原定时间：{when}\n\n费用会全额原路退回。"),
        "feedback_given": ("你收到一份反馈", "{other}对「{title}」写了反馈。"),
    },
    "en": {
        "booking_confirmed": ("Confirmed: {title}", "Your session “{title}” with {other} is confirmed.\n\nWhen: {when}\nLength: {minutes} minutes{free}"),
        "booking_cancelled": ("Cancelled: {title}", "Your session “{title}” with {other} was cancelled.\n\nIt was planned for: {when}{back}"),
        "booking_expired": ("Time released: {title}", "“{title}” was not paid for in time, so the time is free again.\n\nIt was planned for: {when}\n\nYou are welcome to choose another time."),
        "session_completed": ("How was your session?", "“{title}” is over.\n\nPlease take a minute to tell us whether it helped. You can change your answer for seven days."),
        "missed_by_client": ("Not held: {title}", "“{title}” did not take place: 15 minutes after the start the client was not there.\n\nIt was planned for: {when}"),
        "missed_by_consultant": ("Not held: {title}", "“{title}” did not take place: 15 minutes after the start the consultant was not there.\n\nIt was planned for: {when}\n\nThe price goes back in full, the way it was paid."),
        "feedback_given": ("You have new feedback", "{other} wrote feedback on “{title}”."),
    },
}  # fmt: skip


@dataclass(frozen=True)
class Occasion:
    """The session a mail speaks of. `to_client`: whether the reader is its client, and not its consultant."""

    title: Words
    other: str
    starts_at: datetime
    minutes: int
    to_client: bool
    free_until: datetime | None = None
    """Until when the client may cancel free of charge; None where that is past."""


def letter(kind: str, occasion: Occasion, *, language: str, zone: str) -> tuple[str, str]:
    """Subject and body of a mail in the reader's language, with times in the reader's zone and their weekday."""
    subject, body = MAILS[language][kind]
    for_client = occasion.to_client
    free = FREE[language].format(until=_when(occasion.free_until, language, zone)) if occasion.free_until else ""
    values = {
        "title": occasion.title.in_language(language),
        "other": occasion.other,
        "when": _when(occasion.starts_at, language, zone),
        "minutes": occasion.minutes,
        "free": f"\n\n{free}" if for_client and free else "",
        "back": f"\n\n{BACK[language]}" if for_client else "",
    }
    return " ".join(subject.format(**values).split()), body.format(**values)


def _when(at: datetime, language: str, zone: str) -> str:
    local = at.astimezone(ZoneInfo(zone))
    day = WEEKDAYS[language][local.weekday()]
    if language == "zh":
        return f"{local.year} 年 {local.month} 月 {local.day} 日 {day} {local:%H:%M}（{zone}）"
    return f"{day} {local.day} {MONTHS[local.month - 1]} {local.year}, {local:%H:%M} ({zone})"
