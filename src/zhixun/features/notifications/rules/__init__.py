"""The kinds of notices, the sentences they are shown with, and the mails.

A notice is shown to someone who is here, so its sentence is a key of the web's translations. A mail is written by the
worker, where nobody is here and no page has a language: each is a whole text in both languages, side by side, so that
whoever changes one sees the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from zhixun.kernel import clocks
from zhixun.kernel.clocks import Reader
from zhixun.kernel.errors import N_
from zhixun.kernel.values import Words

from . import requests
from .wishes import (
    DIGEST_AT,
    FRESH,
    GROUP_OF,
    GROUPS,
    HALF_HOURS,
    MAILED_ONLY,
    REMINDERS,
    URGENT,
    URGENT_SAFETY,
    WITHOUT_MAIL,
    Group,
    Preferences,
    Way,
    check_preferences,
    read_stop_token,
    still_true,
    stop_path,
    stop_token,
    way_of,
)

__all__ = [
    "BUTTONS",
    "DECISIONS",
    "DIGESTS",
    "DIGEST_AT",
    "FOOTERS",
    "FRESH",
    "GROUPS",
    "GROUP_OF",
    "HALF_HOURS",
    "MAILED_ONLY",
    "MAILS",
    "METHODS",
    "REMINDERS",
    "SENTENCES",
    "URGENT",
    "URGENT_SAFETY",
    "WITHOUT_MAIL",
    "Group",
    "Link",
    "Occasion",
    "Preferences",
    "Way",
    "button",
    "check_preferences",
    "decision_letter",
    "in_language",
    "letter",
    "paragraphs",
    "read_stop_token",
    "still_true",
    "stop_path",
    "stop_token",
    "way_of",
]  # fmt: skip

SENTENCES = {
    "booking_confirmed": N_("Your session “%(title)s” with %(other)s is confirmed."),
    "booking_cancelled": N_("The session “%(title)s” with %(other)s was cancelled."),
    "booking_moved": N_("The session “%(title)s” with %(other)s has another time now."),
    "time_offered": N_("A time with %(other)s is free: “%(title)s” is kept for you for 30 minutes."),
    "booking_refunded": N_("Money goes back to you for “%(title)s”."),
    "dispute_opened": N_("%(other)s disputes “%(title)s”. Please answer within seven days."),
    "dispute_answered": N_("%(other)s does not agree about “%(title)s”. Both of you can say more for three days."),
    "dispute_decided": N_("The dispute about “%(title)s” is decided."),
    "booking_expired": N_("The time for “%(title)s” was not paid for and is free again."),
    "session_completed": N_("Your session “%(title)s” is over. How was it?"),
    "missed_by_client": N_("“%(title)s” did not take place: the client was not there."),
    "missed_by_consultant": N_("“%(title)s” did not take place: the consultant was not there."),
    "reminder_day": N_("A reminder: “%(title)s” with %(other)s is within a day."),
    "reminder_soon": N_("“%(title)s” with %(other)s begins in a few minutes."),
    "feedback_given": N_("%(other)s told you how the session was."),
    "credential_verified": N_("Two people have checked your credential “%(title)s”. It stands on your page."),
    "credential_refused": N_("Your credential “%(title)s” was refused. The reason stands beside it."),
    "credential_lapsed": N_(
        "Nobody checked your credential “%(title)s” in time. Please hand it in again; we are sorry."
    ),
    "credential_expired": N_("Your credential “%(title)s” has run out. Please hand in the new one."),
    "credential_expiring": N_("Your credential “%(title)s” runs out on %(day)s. Please hand in the new one before."),
    "application_accepted": N_("You are a consultant now: your page and calendar are open."),
    "application_refused": N_("Your application was refused. The reason stands on its page."),
    "application_lapsed": N_("Your application was not decided in time. Please apply again; we are sorry."),
    "hand_over_answered": N_("%(other)s answered what you asked a person of the house."),
    "hand_over_lapsed": N_(
        "Nobody answered your question to a person of the house in time. Please ask again; we are sorry."
    ),
    "payout_made": N_("%(title)s of your balance is on its way to your bank."),
    "matter_answered": N_("We answered what you wrote to us."),
    "campaign": N_("%(title)s Your code: %(code)s"),
    "help_asked": N_("Two weeks ago you had “%(title)s” with %(other)s. Has it helped?"),
    "summary_written": N_("%(other)s wrote the summary of “%(title)s”."),
    "follow_up_asked": N_("%(other)s asked the included question about “%(title)s”."),
    "follow_up_answered": N_("%(other)s answered your question about “%(title)s”."),
    **requests.SENTENCES,
    **requests.RINGING,
    "safety_changed": N_("What guards your account has changed: %(title)s."),
    "new_device": N_("Your account was opened on a device we did not know: %(title)s."),
}

OF_A_SESSION = frozenset(
    {
        "booking_confirmed",
        "booking_cancelled",
        "booking_moved",
        "booking_expired",
        "booking_refunded",
        "reminder_day",
        "reminder_soon",
        "session_completed",
        "missed_by_client",
        "missed_by_consultant",
    }
)
"""Whose list line says when the session is, besides when the notice came."""
BACK = {"zh": "应退的款项会原路退回。", "en": "What is due to you goes back the way it was paid."}
FREE = {"zh": "{until} 前可全额取消。", "en": "Cancel free of charge until {until}."}
MAILS = {
    "zh": {
        "booking_confirmed": ("咨询已确认：{title}", "你和{other}的咨询「{title}」已确认。\n\n时间：{when}\n时长：{minutes} 分钟{free}"),
        "booking_cancelled": ("咨询已取消：{title}", "你和{other}的咨询「{title}」已取消。\n\n原定时间：{when}{back}"),
        "booking_moved": ("咨询已改期：{title}", "你和{other}的咨询「{title}」已改到新的时间。\n\n新时间：{when}\n时长：{minutes} 分钟{free}"),
        "booking_refunded": ("退款：{title}", "「{title}」的一笔款项正在原路退回。\n\n咨询时间：{when}"),
        "dispute_opened": ("对方提出异议：{title}", "{other}对「{title}」提出了异议，款项暂不结算。\n\n咨询时间：{when}\n\n请在七天内答复；不答复视为同意退款。"),
        "dispute_answered": ("对方已答复：{title}", "{other}不同意你对「{title}」的异议，并说明了理由。\n\n咨询时间：{when}\n\n三天之内双方都可以补充说明，之后由平台裁决。"),
        "dispute_decided": ("纠纷已有结果：{title}", "关于「{title}」的纠纷已有结果。\n\n咨询时间：{when}{back}"),
        "booking_expired": ("时段已释放：{title}", "「{title}」没有在保留时间内付款，时段已经释放。\n\n原定时间：{when}\n\n你可以重新选择一个时间。"),
        "session_completed": ("这次咨询怎么样？", "「{title}」已结束。\n\n请用一分钟告诉我们它有没有帮到你。七天内可以修改。"),
        "missed_by_client": ("咨询未进行：{title}", "「{title}」没有进行：开始 15 分钟后客户仍未到场。\n\n原定时间：{when}"),
        "missed_by_consultant": ("咨询未进行：{title}", "「{title}」没有进行：开始 15 分钟后咨询师仍未到场。\n\n原定时间：{when}\n\n费用会全额原路退回。"),
        "reminder_day": ("提醒：{title}", "你和{other}的咨询「{title}」就在一天之内。\n\n时间：{when}\n时长：{minutes} 分钟{free}"),
        "reminder_soon": ("马上开始：{title}", "你和{other}的咨询「{title}」几分钟后开始，房间已经可以进入。\n\n时间：{when}\n时长：{minutes} 分钟"),
        "feedback_given": ("你收到一份反馈", "{other}对「{title}」写了反馈。"),
        "time_offered": ("有空位了：{title}", "你在等的时间空出来了：{other}的「{title}」已为你保留 30 分钟。\n\n时间：{when}\n时长：{minutes} 分钟\n\n之后会让给下一位。打开等候名单，点一下即可预约。"),
        "help_asked": ("它帮到你了吗？", "两周前，你和{other}进行了「{title}」。\n\n它帮到你了吗？一次点击就能告诉我们。"),
        "summary_written": ("咨询小结已写好：{title}", "{other}写好了「{title}」的书面小结。\n\n你可以在这次咨询的页面阅读，并提出一次追问。"),
        "follow_up_asked": ("客户的追问：{title}", "{other}就「{title}」提出了追问，请在 48 小时内回答。"),
        "credential_verified": ("资质已核验：{title}", "你的资质「{title}」已由两位审核人核验通过，显示在你的主页上。"),
        "credential_refused": ("资质未通过：{title}", "你的资质「{title}」没有通过核验。\n\n原因写在资质页面上，你可以补充材料后重新提交。"),
        "credential_lapsed": ("资质未及时核验：{title}", "很抱歉，你的资质「{title}」没有在期限内得到核验。\n\n请重新提交一次，我们会优先处理。"),
        "credential_expired": ("资质已到期：{title}", "你的资质「{title}」已经到期，不再显示在你的主页上。\n\n请提交新的证件。"),
        "credential_expiring": ("资质即将到期：{title}", "你的资质「{title}」将于 {day} 到期。\n\n请在此之前提交新的证件，主页上的核验标记才不会中断。"),
        "application_accepted": ("你已成为咨询师", "你的申请已通过：主页和日历已经开通。\n\n接下来请设置可预约时间、服务和价格。"),
        "application_refused": ("你的申请没有通过", "很遗憾，你成为咨询师的申请没有通过。\n\n原因写在申请页面上，你可以修改后再次申请。"),
        "application_lapsed": ("你的申请未及时处理", "很抱歉，你成为咨询师的申请没有在期限内得到处理。\n\n请再申请一次。"),
        "payout_made": ("已打款：{title}", "你的余额中有 {title} 已打款，正在转往你的银行账户。\n\n每一笔从哪里来，都在对账单里。"),
        **requests.MAILS["zh"],
        "follow_up_answered": ("追问已回答：{title}", "{other}回答了你就「{title}」提出的追问。"),
    },
    "en": {
        "booking_confirmed": ("Confirmed: {title}", "Your session “{title}” with {other} is confirmed.\n\nWhen: {when}\nLength: {minutes} minutes{free}"),
        "booking_cancelled": ("Cancelled: {title}", "Your session “{title}” with {other} was cancelled.\n\nIt was planned for: {when}{back}"),
        "booking_moved": ("Moved: {title}", "Your session “{title}” with {other} has been moved.\n\nNew time: {when}\nLength: {minutes} minutes{free}"),
        "booking_refunded": ("Refund: {title}", "Money for “{title}” is on its way back to you, the way it was paid.\n\nThe session: {when}"),
        "dispute_opened": ("Disputed: {title}", "{other} disputes “{title}”, and the money waits meanwhile.\n\nThe session: {when}\n\nPlease answer within seven days; silence counts as agreeing."),
        "dispute_answered": ("Answered: {title}", "{other} does not agree about “{title}”, and says why.\n\nThe session: {when}\n\nBoth of you can say more for three days; then the house decides."),
        "dispute_decided": ("Decided: {title}", "The dispute about “{title}” is decided.\n\nThe session: {when}{back}"),
        "booking_expired": ("Time released: {title}", "“{title}” was not paid for in time, so the time is free again.\n\nIt was planned for: {when}\n\nYou are welcome to choose another time."),
        "session_completed": ("How was your session?", "“{title}” is over.\n\nPlease take a minute to tell us whether it helped. You can change your answer for seven days."),
        "missed_by_client": ("Not held: {title}", "“{title}” did not take place: 15 minutes after the start the client was not there.\n\nIt was planned for: {when}"),
        "missed_by_consultant": ("Not held: {title}", "“{title}” did not take place: 15 minutes after the start the consultant was not there.\n\nIt was planned for: {when}\n\nThe price goes back in full, the way it was paid."),
        "reminder_day": ("Reminder: {title}", "Your session “{title}” with {other} is within a day.\n\nWhen: {when}\nLength: {minutes} minutes{free}"),
        "reminder_soon": ("Beginning soon: {title}", "Your session “{title}” with {other} begins in a few minutes; the room is open.\n\nWhen: {when}\nLength: {minutes} minutes"),
        "feedback_given": ("You have new feedback", "{other} wrote feedback on “{title}”."),
        "time_offered": ("A time is free: {title}", "You are waiting for {other}, and “{title}” is kept for you for 30 minutes.\n\nWhen: {when}\nLength: {minutes} minutes\n\nAfter that it passes on to the next. Open the waiting list and press once to book."),
        "help_asked": ("Has it helped?", "Two weeks ago you had “{title}” with {other}.\n\nHas it helped? One click tells us."),
        "summary_written": ("Your summary is there: {title}", "{other} wrote the summary of “{title}”.\n\nYou can read it on the session’s page, and ask one question."),
        "follow_up_asked": ("A question from your client: {title}", "{other} asked the included question about “{title}”. Please answer within 48 hours."),
        "credential_verified": ("Verified: {title}", "Two people have checked your credential “{title}”. It stands on your page now."),
        "credential_refused": ("Not verified: {title}", "Your credential “{title}” was refused.\n\nThe reason stands beside it; you can hand it in again with what is missing."),
        "credential_lapsed": ("Not checked in time: {title}", "We are sorry: nobody checked your credential “{title}” in time.\n\nPlease hand it in again."),
        "credential_expired": ("Run out: {title}", "Your credential “{title}” has run out and no longer stands on your page.\n\nPlease hand in the new one."),
        "credential_expiring": ("Runs out soon: {title}", "Your credential “{title}” runs out on {day}.\n\nPlease hand in the new one before, so that the seal on your page does not go."),
        "application_accepted": ("You are a consultant now", "Your application was accepted: your page and your calendar are open.\n\nNext, set your hours, services and prices."),
        "application_refused": ("Your application was refused", "We are sorry: your application to become a consultant was refused.\n\nThe reason stands on its page; you may apply again."),
        "application_lapsed": ("Your application was not decided in time", "We are sorry: your application to become a consultant was not decided in time.\n\nPlease apply again."),
        "payout_made": ("Paid out: {title}", "{title} of your balance is on its way to your bank.\n\nWhat it is made of stands in your statement, line by line."),
        **requests.MAILS["en"],
        "follow_up_answered": ("Your question is answered: {title}", "{other} answered your question about “{title}”."),
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
    answer_by: datetime | None = None
    """Until when the consultant may accept it, where that is asked."""
    other_zone: str = ""
    """Of the clock the other person reads."""


def letter(kind: str, occasion: Occasion, *, language: str, zone: str) -> tuple[str, str]:
    """Subject and body of a mail in the reader's language, with times in the reader's zone and their weekday."""
    subject, body = MAILS[language][kind]
    for_client = occasion.to_client
    free = (
        FREE[language].format(until=clocks.written_out(occasion.free_until, zone, language))
        if occasion.free_until
        else ""
    )
    values = {
        "title": occasion.title.in_language(language),
        "other": occasion.other,
        "when": "\n".join(
            clocks.for_both(occasion.starts_at, Reader(zone, language, occasion.other, occasion.other_zone))
        ),
        "minutes": occasion.minutes,
        "until": clocks.written_out(occasion.answer_by, zone, language) if occasion.answer_by else "",
        "free": f"\n\n{free}" if for_client and free else "",
        "back": f"\n\n{BACK[language]}" if for_client else "",
    }
    return " ".join(subject.format(**values).split()), body.format(**values)


DECISIONS = frozenset(kind for kind in SENTENCES if kind.startswith(("credential_", "application_", "payout_")))
"""About no session: their letters say what was decided, and nothing of why."""


def decision_letter(kind: str, *, title: str, day: str, language: str) -> tuple[str, str]:
    """Subject and body of a mail about a credential (`title`; it runs out on `day`, YYYY-MM-DD), an application, or an
    amount (`title`) that was paid out."""
    subject, body = MAILS[language][kind]
    return " ".join(subject.format(title=title).split()), body.format(title=title, day=day)


METHODS: dict[str, Literal["REQUEST", "CANCEL"]] = {
    "booking_confirmed": "REQUEST",
    "booking_moved": "REQUEST",
    "booking_cancelled": "CANCEL",
    **requests.METHODS,
}
"""Kinds whose mail carries the session for a calendar, and what the calendar is to do with it."""
BUTTONS = {
    **requests.BUTTONS,
    "session_completed": (Words("写下反馈", "Give feedback"), "/sessions/{id}/feedback"),
    "reminder_soon": (Words("进入咨询室", "Enter the room"), "/sessions/{id}/room"),
    "time_offered": (Words("预约这个时间", "Book this time"), "/me/waitlist"),
    "help_asked": (Words("告诉我们", "Tell us"), "/sessions/{id}/help"),
    "summary_written": (Words("阅读小结", "Read the summary"), "/sessions/{id}/summary"),
    "follow_up_asked": (Words("回答追问", "Answer the question"), "/sessions/{id}/summary"),
    "follow_up_answered": (Words("阅读回答", "Read the answer"), "/sessions/{id}/summary"),
}
BUTTONS |= {
    kind: (Words("查看纠纷", "See the dispute"), "/sessions/{id}/dispute")
    for kind in ("dispute_opened", "dispute_answered", "dispute_decided")
}
BUTTONS |= {
    kind: (Words("查看资质", "See your credentials"), "/pro/credentials")
    if kind.startswith("credential_")
    else (Words("查看申请", "See your application"), "/become-a-consultant")
    for kind in DECISIONS
}
BUTTONS["payout_made"] = (Words("查看对账单", "See your statement"), "/pro/statements")
BUTTONS["application_accepted"] = (Words("打开工作台", "Open your desk"), "/pro")
BUTTON = (Words("查看这次咨询", "See the session"), "/sessions/{id}")


Link = tuple[str, str]
"""Words, and where they lead."""


def button(kind: str, subject_id: str, language: str) -> Link:
    """The words of a mail's button, and the path it leads to in the reader's language."""
    words, path = BUTTONS.get(kind, BUTTON)
    return words.in_language(language), in_language(path.format(id=subject_id), language)


def in_language(path: str, language: str) -> str:
    return f"/en{path}" if language == "en" else path


FOOTERS = {
    "zh": ("这封邮件由{host}发出，因为你在那里有账号。", "选择收到哪些邮件", "不再接收这类邮件"),
    "en": (
        "You get this mail because you have an account at {host}.",
        "Choose your mails",
        "No more mails of this kind",
    ),
}
DIGESTS = {"zh": "{count} 条通知", "en": "{count} notices"}


def paragraphs(body: str) -> list[list[tuple[str, str]]]:
    """A mail's text in its parts: paragraphs of lines, each (label, words); a line "When: Monday" has a label."""
    return [[_labelled(line) for line in part.split("\n")] for part in body.split("\n\n")]


def _labelled(line: str) -> tuple[str, str]:
    for mark in ("：", ": "):
        label, found, words = line.partition(mark)
        if found and words and len(label) <= LABEL_LENGTH_MAX:
            return label, words
    return "", line


LABEL_LENGTH_MAX = 24
