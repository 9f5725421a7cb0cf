from zhixun.kernel.errors import N_
from zhixun.kernel.feature import Feature, Job, MenuEntry
from zhixun.kernel.personal import Holding

from . import jobs, queries
from .routes import bp

feature = Feature(
    "disputes",
    blueprints=[bp],
    personal_data=[Holding(open_matters=queries.open_matters)],
    jobs=[Job(jobs.pass_time, at="*/5 * * * *")],
    menu=[
        MenuEntry(
            "ops",
            "disputes.desk",
            "alert",
            N_("Disputes"),
            50,
            right="settle_disputes",
            marks=("disputes.desk_dispute",),
        )
    ],
)
