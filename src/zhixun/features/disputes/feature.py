from zhixun.kernel.errors import N_
from zhixun.kernel.feature import Feature, Job, MenuEntry

from . import jobs
from .routes import bp

feature = Feature(
    "disputes",
    blueprints=[bp],
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
