from zhixun.kernel.errors import N_
from zhixun.kernel.feature import Feature, Job, MenuEntry

from . import jobs
from .routes import bp, keys

feature = Feature(
    "api",
    blueprints=[bp, keys],
    jobs=[Job(jobs.forget_old_keys, at="23 * * * *")],
    menu=[MenuEntry("me", "keys.mine", "hook", N_("Keys for programs"), 95)],
)
