from zhixun.events.credentials import ApplicationDecided
from zhixun.kernel.feature import Feature, Job

from . import handlers, jobs
from .commands import COMMANDS

feature = Feature(
    name="scheduling",
    handlers={ApplicationDecided: [handlers.open_calendar_of_accepted]},
    jobs=[Job(jobs.sweep_lapsed_holds, at="* * * * *")],
    commands=COMMANDS,
)
