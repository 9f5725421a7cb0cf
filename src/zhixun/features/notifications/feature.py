from zhixun.events.booking import BookingCancelled, BookingConfirmed, BookingExpired, SessionCompleted, SessionMissed
from zhixun.events.quality import FeedbackGiven
from zhixun.kernel.errors import N_
from zhixun.kernel.feature import Feature, MenuEntry

from . import handlers
from .routes import bp

feature = Feature(
    "notifications",
    blueprints=[bp],
    handlers={
        BookingConfirmed: [handlers.tell_both_confirmed],
        BookingCancelled: [handlers.tell_both_cancelled],
        BookingExpired: [handlers.tell_client_expired],
        SessionCompleted: [handlers.ask_client_for_feedback],
        SessionMissed: [handlers.tell_both_missed],
        FeedbackGiven: [handlers.tell_consultant_of_feedback],
    },
    menu=[MenuEntry("me", "notifications.notices", "bell", N_("Notices"), 30)],
)
