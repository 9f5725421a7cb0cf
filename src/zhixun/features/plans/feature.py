from zhixun.events.payments import PaymentCaptured, PaymentFailed
from zhixun.kernel.errors import N_
from zhixun.kernel.feature import Feature, Job, MenuEntry

from . import handlers, jobs
from .routes import bp

feature = Feature(
    "plans",
    blueprints=[bp],
    handlers={PaymentCaptured: [handlers.hand_over_when_paid], PaymentFailed: [handlers.note_refused_renewal]},
    jobs=[Job(jobs.pass_time, at="*/5 * * * *")],
    menu=[
        MenuEntry("me", "plans.mine", "wallet", N_("My plans"), 40),
        MenuEntry("pro", "plans.editor", "wallet", N_("Prices and packages"), 40),
    ],
)
