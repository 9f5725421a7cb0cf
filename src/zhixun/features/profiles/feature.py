from zhixun.events.behaviour import InteractionsRecorded
from zhixun.events.privacy import ConsentWithdrawn
from zhixun.kernel.errors import N_
from zhixun.kernel.feature import Feature, Job, MenuEntry

from . import handlers, jobs
from .commands import COMMANDS
from .routes import bp

feature = Feature(
    "profiles",
    blueprints=[bp],
    handlers={
        InteractionsRecorded: [handlers.update_profile],
        ConsentWithdrawn: [handlers.forget_withdrawn],
    },
    jobs=[Job(jobs.build_nightly, at="20 19 * * *")],
    commands=COMMANDS,
    menu=[
        MenuEntry("me", "profiles.mine", "star", N_("My profile"), 80),
        MenuEntry("me", "profiles.saved", "heart", N_("Saved"), 40),
    ],
)
