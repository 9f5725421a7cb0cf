from zhixun.events.webhooks import WebhookDue
from zhixun.kernel.errors import N_
from zhixun.kernel.feature import Feature, Job, MenuEntry

from . import handlers, jobs, rules
from .routes import bp

feature = Feature(
    "webhooks",
    blueprints=[bp],
    handlers={
        **{event_type: [handlers.tell_programs] for event_type, _ in rules.KINDS.values()},
        WebhookDue: [handlers.send],
    },
    jobs=[Job(jobs.wake_due, at="* * * * *"), Job(jobs.forget_old, at="41 3 * * *")],
    menu=[
        MenuEntry(
            "ops", "webhooks.endpoints", "hook", N_("Webhooks"), 80, right="run_house", marks=("webhooks.endpoint",)
        )
    ],
)
