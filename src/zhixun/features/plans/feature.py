from zhixun.events.payments import PaymentCaptured, PaymentFailed
from zhixun.kernel.errors import N_
from zhixun.kernel.feature import Feature, Job, MenuEntry
from zhixun.kernel.personal import Holding

from . import handlers, jobs, queries
from .routes import bp
from .routes.mine import ordered_thing

feature = Feature(
    "plans",
    blueprints=[bp],
    handlers={PaymentCaptured: [handlers.hand_over_when_paid], PaymentFailed: [handlers.note_refused_renewal]},
    panels={"payment": ordered_thing},
    personal_data=[Holding(open_matters=queries.open_matters)],
    jobs=[Job(jobs.pass_time, at="*/5 * * * *")],
    menu=[
        MenuEntry("ops", "plans.house_prices", "wallet", N_("House prices"), 66, right="run_house"),
        MenuEntry("me", "plans.mine", "wallet", N_("My plans"), 40),
        MenuEntry("pro", "plans.editor", "wallet", N_("Prices and packages"), 40),
    ],
)
