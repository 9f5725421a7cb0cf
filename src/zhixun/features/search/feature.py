from zhixun.events.catalog import ConsultantListed, ConsultantUnlisted
from zhixun.events.privacy import PersonErased
from zhixun.events.quality import FeedbackGiven
from zhixun.events.scheduling import FreeTimesChanged
from zhixun.kernel.feature import Feature, Job

from . import handlers, jobs
from .commands import COMMANDS

feature = Feature(
    "search",
    handlers={
        ConsultantListed: [handlers.index_listed],
        FreeTimesChanged: [handlers.write_free_times],
        ConsultantUnlisted: [handlers.forget_unlisted],
        FeedbackGiven: [handlers.index_rating],
        PersonErased: [handlers.forget_erased],
    },
    jobs=[
        Job(jobs.keep_index_whole, "* * * * *"),
        Job(jobs.keep_free_times_written, "* * * * *"),
        Job(jobs.look_further_ahead, "23 * * * *"),
        Job(jobs.check_free_times, "41 3 * * *"),
    ],
    commands=COMMANDS,
)
