from zhixun.events.catalog import ConsultantListed, ConsultantUnlisted
from zhixun.events.privacy import PersonErased
from zhixun.events.quality import FeedbackGiven
from zhixun.kernel.feature import Feature, Job

from . import handlers, jobs
from .commands import COMMANDS

feature = Feature(
    "search",
    handlers={
        ConsultantListed: [handlers.index_listed],
        ConsultantUnlisted: [handlers.forget_unlisted],
        FeedbackGiven: [handlers.index_rating],
        PersonErased: [handlers.forget_erased],
    },
    jobs=[Job(jobs.keep_index_whole, "* * * * *")],
    commands=COMMANDS,
)
