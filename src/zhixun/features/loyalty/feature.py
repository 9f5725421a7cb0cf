from zhixun.events.payments import RefundCompleted
from zhixun.kernel.errors import N_
from zhixun.kernel.feature import Feature, Job, MenuEntry

from . import handlers, jobs
from .routes import bp

feature = Feature(
    "loyalty",
    blueprints=[bp],
    handlers={RefundCompleted: [handlers.take_back_points]},
    jobs=[Job(jobs.expire_points, at="23 * * * *")],
    menu=[
        MenuEntry("me", "loyalty.points", "coin", N_("My points"), 45),
        MenuEntry("ops", "loyalty.coupons", "ticket", N_("Coupons"), 60, right="give_discounts"),
    ],
)
