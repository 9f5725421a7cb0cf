from zhixun.events.booking import BookingCancelled, BookingExpired, BookingMoved
from zhixun.kernel.errors import N_
from zhixun.kernel.feature import Feature, Job, MenuEntry

from . import handlers, jobs
from .routes import bp

feature = Feature(
    "waitlist",
    blueprints=[bp],
    handlers={one: [handlers.pass_on_freed_time] for one in (BookingCancelled, BookingExpired, BookingMoved)},
    jobs=[Job(jobs.pass_on, at="* * * * *")],
    menu=[MenuEntry("me", "waitlist.mine", "clock", N_("Waiting list"), 15, marks=("waitlist.wish", "waitlist.seat"))],
)
