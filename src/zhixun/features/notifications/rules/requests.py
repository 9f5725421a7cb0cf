"""What is told about requests: bookings that stand once the consultant has accepted them."""

from __future__ import annotations

from typing import Literal

from zhixun.kernel.errors import N_
from zhixun.kernel.values import Words

DUE = "request_due"
SENTENCES = {
    "request_made": N_("%(other)s asks for “%(title)s”. Please accept or decline it."),
    "request_sent": N_("%(other)s has been asked for “%(title)s”. You hear as soon as there is an answer."),
    DUE: N_("The request of %(other)s for “%(title)s” ends soon. Please answer it."),
    "request_declined": N_("%(other)s cannot take “%(title)s”. You get everything back."),
    "request_unanswered": N_("%(other)s did not answer in time about “%(title)s”. You get everything back."),
    "request_lapsed": N_("You did not answer the request of %(other)s for “%(title)s” in time."),
}
RINGING = {
    "call_rings": N_("%(other)s asks now and has paid. The first to answer has the session."),
    "call_unanswered": N_("Nobody could answer your question in time. You get everything back."),
}
"""Instant questions: ten minutes are too short for a mail."""
MAILS = {
    "zh": {
        "request_made": ("请答复预约：{title}", "{other}想预约「{title}」，已经付款，等你确认。\n\n时间：{when}\n时长：{minutes} 分钟\n请在此之前答复：{until}\n\n到时未答复，款项会全额退回给客户，时段重新开放。"),
        "request_sent": ("已发出预约请求：{title}", "已付款，正在等{other}确认「{title}」。时段为你保留，款项由平台托管。\n\n时间：{when}\n时长：{minutes} 分钟\n最晚答复：{until}\n\n对方婉拒或到时未答复，款项会全额原路退回；确认之前你可以随时撤回，同样全额退款。"),
        DUE: ("请尽快答复：{title}", "{other}的预约请求「{title}」还在等你答复。\n\n时间：{when}\n请在此之前答复：{until}"),
        "request_declined": ("对方无法接受：{title}", "很抱歉，{other}无法接受「{title}」。原因写在这次咨询的页面上。\n\n原定时间：{when}{back}"),
        "request_unanswered": ("对方未及时答复：{title}", "很抱歉，{other}没有及时答复「{title}」的预约请求。\n\n原定时间：{when}\n\n你付的钱会全额原路退回。"),
        "request_lapsed": ("预约请求已过期：{title}", "{other}的预约请求「{title}」没有在期限内得到你的答复，已经结束，款项退回给客户。\n\n原定时间：{when}"),
    },
    "en": {
        "request_made": ("Please answer: {title}", "{other} asks for “{title}”, has paid, and waits for you to accept.\n\nWhen: {when}\nLength: {minutes} minutes\nAnswer before: {until}\n\nUnanswered by then, the client gets everything back and the time is free again."),
        "request_sent": ("Asked: {title}", "You have paid, and {other} is asked to accept “{title}”. The time is kept for you, and the money waits with the platform.\n\nWhen: {when}\nLength: {minutes} minutes\nAnswer at the latest: {until}\n\nIf it is declined or stays unanswered, everything goes back the way you paid. Until it is accepted you can withdraw at any time and get everything back."),
        DUE: ("Please answer soon: {title}", "The request of {other} for “{title}” still waits for your answer.\n\nWhen: {when}\nAnswer before: {until}"),
        "request_declined": ("Declined: {title}", "We are sorry: {other} cannot take “{title}”. The reason stands on the page of the session.\n\nIt was planned for: {when}{back}"),
        "request_unanswered": ("Not answered: {title}", "We are sorry: {other} did not answer your request for “{title}” in time.\n\nIt was planned for: {when}\n\nEverything you paid goes back the way you paid."),
        "request_lapsed": ("Request ended: {title}", "The request of {other} for “{title}” has ended because it was not answered in time; the client gets everything back.\n\nIt was planned for: {when}"),
    },
}  # fmt: skip
METHODS: dict[str, Literal["REQUEST", "CANCEL"]] = {
    "request_made": "REQUEST",
    "request_sent": "REQUEST",
    "request_declined": "CANCEL",
    "request_unanswered": "CANCEL",
    "request_lapsed": "CANCEL",
}
ANSWER = (Words("去答复", "Answer the request"), "/sessions/{id}")
BUTTONS = {"request_made": ANSWER, DUE: ANSWER}
INSTEAD = {
    "zh": ("你也可以选择这些时间", "预约{name}"),
    "en": ("You could take one of these instead", "Book {name}"),
}
"""What stands above the times that are offered instead, and on the button of each."""
