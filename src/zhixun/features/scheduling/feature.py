from zhixun.events.credentials import ApplicationDecided
from zhixun.events.scheduling import BusyCalendarDue
from zhixun.kernel.errors import N_
from zhixun.kernel.feature import Feature, Job, MenuEntry
from zhixun.kernel.personal import Holding

from . import actions, handlers, jobs
from .commands import COMMANDS
from .routes import bp

feature = Feature(
    name="scheduling",
    handlers={ApplicationDecided: [handlers.open_calendar_of_accepted], BusyCalendarDue: [handlers.read_busy_calendar]},
    blueprints=[bp],
    jobs=[Job(jobs.sweep_lapsed_holds, at="* * * * *"), Job(jobs.read_busy_calendars, at="*/10 * * * *")],
    commands=COMMANDS,
    menu=[
        MenuEntry(
            "pro",
            "scheduling.hours",
            "cal",
            N_("My hours"),
            20,
            marks=("scheduling.calendars", "scheduling.add_calendar", "booking.why"),
        )
    ],
    personal_data=[Holding(("scheduling_calendars",), actions.close_calendar)],
)
