from zhixun.events.accounts import SafetyChanged
from zhixun.kernel.errors import N_
from zhixun.kernel.feature import Feature, Job, MenuEntry

from . import handlers, jobs
from .routes import bp, keys

feature = Feature(
    "api",
    blueprints=[bp, keys],
    handlers={SafetyChanged: [handlers.end_keys]},
    jobs=[Job(jobs.forget_old_keys, at="23 * * * *")],
    menu=[MenuEntry("me", "keys.mine", "hook", N_("Keys for programs"), 95)],
)
