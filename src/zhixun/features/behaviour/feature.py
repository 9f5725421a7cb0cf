from zhixun.events.behaviour import InteractionsStated
from zhixun.events.booking import BookingCancelled, BookingConfirmed, BookingHeld, SessionCompleted
from zhixun.events.privacy import ConsentWithdrawn
from zhixun.events.quality import FeedbackGiven
from zhixun.kernel.feature import Feature, Job
from zhixun.kernel.personal import Holding

from . import handlers, jobs, queries

feature = Feature(
    "behaviour",
    handlers={
        InteractionsStated: [handlers.record_stated],
        BookingHeld: [handlers.record_booking],
        BookingConfirmed: [handlers.record_payment],
        SessionCompleted: [handlers.record_session],
        BookingCancelled: [handlers.record_cancellation],
        FeedbackGiven: [handlers.record_feedback],
        ConsentWithdrawn: [handlers.forget_withdrawn],
    },
    # The pseudonym leads to what the log holds, and goes when that is gone.
    personal_data=[
        Holding(
            ("behaviour_pseudonyms",), tell=queries.told_of, forget_outside=handlers.forget_erased, left=queries.left_of
        )
    ],
    jobs=[Job(jobs.forget_old, at="41 3 * * *")],
)
