from zhixun.events.booking import BookingCancelled, BookingConfirmed, BookingExpired, SessionCompleted, SessionMissed
from zhixun.events.quality import FeedbackGiven
from zhixun.kernel.feature import Feature

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
)
