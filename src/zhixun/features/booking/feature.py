from zhixun.events.payments import PaymentCaptured
from zhixun.kernel.feature import Feature, Job

from . import handlers, jobs
from .routes import bp

feature = Feature(
    "booking",
    blueprints=[bp],
    handlers={PaymentCaptured: [handlers.confirm_when_paid]},
    jobs=[Job(jobs.pass_time, at="* * * * *"), Job(jobs.release_money, at="*/5 * * * *")],
)
