from zhixun.events.credentials import ScanRemoved
from zhixun.kernel.errors import N_
from zhixun.kernel.feature import Feature, Job, MenuEntry
from zhixun.kernel.personal import Holding

from . import actions, handlers, jobs
from .routes import bp

feature = Feature(
    "credentials",
    blueprints=[bp],
    handlers={ScanRemoved: [handlers.forget_scan]},
    personal_data=[Holding(("credentials_scans",), actions.erase_scans)],
    jobs=[Job(jobs.pass_time, "17 * * * *")],
    menu=[
        MenuEntry(
            "me",
            "credentials.queue",
            "badge",
            N_("Credentials to check"),
            21,
            marks=("credentials.check", "credentials.judge"),
            role="reviewer",
        ),
        MenuEntry("pro", "credentials.mine", "badge", N_("Credentials"), 60),
        MenuEntry("ops", "credentials.applications", "badge", N_("Applications"), 80, right="appoint"),
    ],
)
