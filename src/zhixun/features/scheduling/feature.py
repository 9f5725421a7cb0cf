from zhixun.events.credentials import ApplicationDecided
from zhixun.kernel.errors import N_
from zhixun.kernel.feature import Feature, Job, MenuEntry
from zhixun.kernel.personal import Holding

from . import actions, handlers, jobs
from .commands import COMMANDS
from .routes import bp

feature = Feature(
    name="scheduling",
    handlers={ApplicationDecided: [handlers.open_calendar_of_accepted]},
    blueprints=[bp],
    jobs=[Job(jobs.sweep_lapsed_holds, at="* * * * *")],
    commands=COMMANDS,
    menu=[MenuEntry("pro", "scheduling.hours", "cal", N_("My hours"), 20)],
    personal_data=[Holding(("scheduling_calendars",), actions.close_calendar)],
)
