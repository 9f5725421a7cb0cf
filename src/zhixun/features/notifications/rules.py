"""The kinds of notices and the sentences they are shown with."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from zhixun.kernel.errors import N_
from zhixun.kernel.values import Words

SENTENCES = {
    "booking_confirmed": N_("Your session “%(title)s” with %(other)s is confirmed."),
    "booking_cancelled": N_("The session “%(title)s” with %(other)s was cancelled."),
    "booking_expired": N_("The time for “%(title)s” was not paid for and is free again."),
    "session_completed": N_("Your session “%(title)s” is over. How was it?"),
    "feedback_given": N_("%(other)s told you how the session was."),
}

WEEKDAYS = {
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
MAILS = {
    "zh": {
        "booking_confirmed": ("咨询已确认：{title}", "你和{other}的咨询「{title}」已确认。\n\n时间：{when}\n时长：{minutes} 分钟\n\n开始前 24 小时可全额取消。"),
        "booking_cancelled": ("咨询已取消：{title}", "你和{other}的咨询「{title}」已取消。\n\n原定时间：{when}\n\n应退的款项会原路退回。"),
        "booking_expired": ("时段已释放：{title}", "「{title}」没有在保留时间内付款，时段已经释放。\n\n原定时间：{when}\n\n你可以重新选择一个时间。"),
        "session_completed": ("这次咨询怎么样？", "「{title}」已结束。\n\n请用一分钟告诉我们它有没有帮到你。七天内可以修改。"),
        "feedback_given": ("你收到一份反馈", "{other}对「{title}」写了反馈。"),
    },
    "en": {
        "booking_confirmed": ("Confirmed: {title}", "Your session “{title}” with {other} is confirmed.\n\nWhen: {when}\nLength: {minutes} minutes\n\nCancel free of charge until 24 hours before it starts."),
        "booking_cancelled": ("Cancelled: {title}", "Your session “{title}” with {other} was cancelled.\n\nIt was planned for: {when}\n\nWhat is due to you goes back the way it was paid."),
        "booking_expired": ("Time released: {title}", "“{title}” was not paid for in time, so the time is free again.\n\nIt was planned for: {when}\n\nYou are welcome to choose another time."),
        "session_completed": ("How was your session?", "“{title}” is over.\n\nPlease take a minute to tell us whether it helped. You can change your answer for seven days."),
        "feedback_given": ("You have new feedback", "{other} wrote feedback on “{title}”."),
    },
}  # fmt: skip


def letter(
    kind: str, *, language: str, zone: str, title: Words, other: str, starts_at: datetime, minutes: int
) -> tuple[str, str]:
    """Subject and body of a mail in the reader's language, with the time in the reader's zone and the weekday."""
    subject, body = MAILS[language][kind]
    local = starts_at.astimezone(ZoneInfo(zone))
    day = WEEKDAYS[language][local.weekday()]
    when = (
        f"{local.year} 年 {local.month} 月 {local.day} 日 {day} {local:%H:%M}（{zone}）"
        if language == "zh"
        else f"{day} {local.day} {local:%B %Y}, {local:%H:%M} ({zone})"
    )
    values = {"title": title.in_language(language), "other": other, "when": when, "minutes": minutes}
    return subject.format(**values), body.format(**values)
