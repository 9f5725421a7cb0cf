from zhixun.events.accounts import AddressLinkMade, PasswordLinkAsked, SafetyChanged, SignedInOnNewDevice
from zhixun.events.assistant import HandOverEnded
from zhixun.events.booking import (
    BookingCancelled,
    BookingConfirmed,
    BookingExpired,
    BookingMoved,
    BookingRefunded,
    BookingRequested,
    SessionCompleted,
    SessionMissed,
)
from zhixun.events.credentials import ApplicationDecided, CredentialDecided, CredentialExpiring
from zhixun.events.crm import CampaignSent, HelpAsked, MatterAnswered
from zhixun.events.disputes import DisputeAnswered, DisputeDecided, DisputeOpened
from zhixun.events.instant import CallEnded, CallRang
from zhixun.events.notifications import HeldMailsReleased, ReminderDue
from zhixun.events.payouts import PayoutMade
from zhixun.events.quality import FeedbackGiven, FollowUpAnswered, FollowUpAsked, SummaryWritten
from zhixun.events.waitlist import TimeOffered
from zhixun.kernel.errors import N_
from zhixun.kernel.feature import Feature, Job, MenuEntry
from zhixun.kernel.personal import Holding

from . import actions, handlers, jobs
from .handlers import answering, payouts, ringing, safety
from .routes import bp

feature = Feature(
    "notifications",
    blueprints=[bp],
    handlers={
        BookingConfirmed: [handlers.tell_both_confirmed],
        BookingRequested: [answering.tell_both_requested],
        BookingCancelled: [answering.tell_cancelled],
        BookingMoved: [handlers.tell_both_moved],
        BookingRefunded: [handlers.tell_client_refunded],
        DisputeOpened: [handlers.tell_consultant_disputed],
        DisputeAnswered: [handlers.tell_client_answered],
        DisputeDecided: [handlers.tell_both_decided],
        BookingExpired: [handlers.tell_client_expired],
        SessionCompleted: [handlers.ask_client_for_feedback],
        SessionMissed: [handlers.tell_both_missed],
        ReminderDue: [handlers.remind_both],
        HeldMailsReleased: [handlers.send_held_mails],
        FeedbackGiven: [handlers.tell_consultant_of_feedback],
        HandOverEnded: [handlers.tell_hand_over_ended],
        CredentialDecided: [handlers.tell_credential_decided],
        CredentialExpiring: [handlers.tell_credential_expiring],
        ApplicationDecided: [handlers.tell_application_decided],
        SummaryWritten: [handlers.tell_client_of_summary],
        FollowUpAsked: [handlers.tell_consultant_of_question],
        FollowUpAnswered: [handlers.tell_client_of_answer],
        TimeOffered: [handlers.tell_client_of_freed_time],
        HelpAsked: [handlers.ask_client_whether_it_helped],
        MatterAnswered: [handlers.tell_person_of_answered_matter],
        PasswordLinkAsked: [safety.send_password_link],
        AddressLinkMade: [safety.send_address_link],
        SafetyChanged: [safety.tell_of_change],
        SignedInOnNewDevice: [safety.tell_of_new_device],
        CallRang: [ringing.tell_consultant_it_rings],
        CallEnded: [ringing.tell_client_nobody_answered],
        PayoutMade: [payouts.tell_consultant_paid_out],
        CampaignSent: [handlers.tell_person_of_offer],
    },
    jobs=[Job(jobs.remind, at="* * * * *"), Job(jobs.release_held_mails, at="* * * * *")],
    menu=[MenuEntry("me", "notifications.notices", "bell", N_("Notices"), 30, marks=("notifications.preferences",))],
    personal_data=[Holding(erase=actions.forget_name)],
)
