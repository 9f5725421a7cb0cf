from zhixun.kernel.errors import N_
from zhixun.kernel.feature import Feature, MenuEntry

from .commands import COMMANDS
from .routes import bp

feature = Feature(
    "privacy",
    blueprints=[bp],
    commands=COMMANDS,
    menu=[
        MenuEntry("me", "privacy.access", "shield", N_("Who read it"), 80),
        MenuEntry("ops", "privacy.audit_log", "log", N_("Audit log"), 80, right="see_audit"),
    ],
)
