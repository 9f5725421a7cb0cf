from zhixun.kernel.errors import N_
from zhixun.kernel.feature import Feature, Job, MenuEntry

from . import jobs
from .routes import bp

feature = Feature(
    "credentials",
    blueprints=[bp],
    jobs=[Job(jobs.pass_time, "17 * * * *")],
    menu=[
        MenuEntry("pro", "credentials.mine", "badge", N_("Credentials"), 60),
        MenuEntry("ops", "credentials.applications", "badge", N_("Applications"), 80, right="appoint"),
    ],
)
