from zhixun.events.booking import BookingCancelled, BookingConfirmed, BookingExpired, BookingMoved, DaysCalledOff
from zhixun.events.payments import PaymentCaptured
from zhixun.events.scheduling import CalendarCopiesDue
from zhixun.kernel.errors import N_
from zhixun.kernel.feature import Feature, Job, MenuEntry
from zhixun.kernel.personal import Holding

from . import handlers, jobs, queries
from .routes import bp
from .routes.named import booked_thing, used_things

feature = Feature(
    "booking",
    blueprints=[bp],
    handlers={
        PaymentCaptured: [handlers.confirm_when_paid],
        BookingConfirmed: [handlers.copy_session],
        BookingMoved: [handlers.copy_session],
        BookingCancelled: [handlers.copy_session, handlers.close_emptied_group],
        BookingExpired: [handlers.close_emptied_group],
        DaysCalledOff: [handlers.call_off],
        CalendarCopiesDue: [handlers.copy_sessions],
    },
    jobs=[
        Job(jobs.pass_time, at="* * * * *"),
        Job(jobs.release_money, at="*/5 * * * *"),
        Job(jobs.call_off, at="* * * * *"),
        Job(jobs.decide_groups, at="* * * * *"),
    ],
    menu=[
        MenuEntry("me", "booking.sessions", "cal", N_("My sessions"), 10, marks=("booking.session",)),
        MenuEntry("pro", "booking.own_groups", "users", N_("Group sessions"), 45),
        MenuEntry("me", "booking.feed", "refresh", N_("My calendar"), 40),
    ],
    panels={"payment": booked_thing},
    row_panels={"uses": used_things},
    personal_data=[Holding(open_matters=queries.open_matters)],
)
