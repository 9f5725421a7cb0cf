"""What people, the desk and the clock do to keep clients."""

from .campaigns import CampaignOver, NobodyToReach, begin_campaign, plan_campaign, send_batch, stop_campaign
from .keeping import (
    Answered,
    CheckOver,
    TooManyOpen,
    TooManyTags,
    add_tag,
    answer_matter,
    ask_whether_it_helped,
    delete_note,
    file_matter,
    remove_tag,
    report_person,
    say_whether_it_helped,
    take_matter,
    write_note,
)

__all__ = [
    "Answered",
    "CampaignOver",
    "CheckOver",
    "NobodyToReach",
    "TooManyOpen",
    "TooManyTags",
    "add_tag",
    "answer_matter",
    "ask_whether_it_helped",
    "begin_campaign",
    "delete_note",
    "file_matter",
    "plan_campaign",
    "remove_tag",
    "report_person",
    "say_whether_it_helped",
    "send_batch",
    "stop_campaign",
    "take_matter",
    "write_note",
]
