from zhixun.events.privacy import PersonErased
from zhixun.kernel.errors import N_
from zhixun.kernel.feature import Feature, Job, MenuEntry

from . import handlers, jobs
from .commands import COMMANDS
from .routes import bp

feature = Feature(
    "privacy",
    blueprints=[bp],
    handlers={PersonErased: [handlers.verify_erasure]},
    jobs=[Job(jobs.forget_old, at="41 3 * * *")],
    commands=COMMANDS,
    menu=[
        MenuEntry("me", "privacy.access", "shield", N_("Who read it"), 80),
        MenuEntry("ops", "privacy.audit_log", "log", N_("Audit log"), 80, right="see_audit"),
        MenuEntry("ops", "privacy.erasures", "trash", N_("Erasures"), 81, right="erase_people"),
    ],
)
