from zhixun.events.instant import CallAnswered, CallEnded, CallRang
from zhixun.events.payments import PaymentCaptured
from zhixun.kernel.errors import N_
from zhixun.kernel.feature import Feature, Job, MenuEntry
from zhixun.kernel.personal import Holding

from . import handlers, jobs, queries
from .routes import bp, called_thing

feature = Feature(
    "instant",
    blueprints=[bp],
    handlers={
        PaymentCaptured: [handlers.ring_when_paid],
        CallRang: [handlers.show_ringing],
        CallAnswered: [handlers.show_answered],
        CallEnded: [handlers.show_ended],
    },
    jobs=[Job(jobs.pass_time, at="* * * * *")],
    menu=[
        MenuEntry("pro", "instant.desk", "phone", N_("Available now"), 15, marks=("instant.switch", "instant.accept"))
    ],
    panels={"payment": called_thing},
    personal_data=[Holding(open_matters=queries.open_matters)],
)
