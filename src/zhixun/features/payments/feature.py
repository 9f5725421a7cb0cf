from zhixun.events.payments import CollectionRequested, RefundRequested
from zhixun.kernel.errors import N_
from zhixun.kernel.feature import Feature, Job, MenuEntry
from zhixun.kernel.personal import Holding

from . import jobs, queries
from .commands import COMMANDS
from .handlers import collect, send_money_back
from .routes import bp

feature = Feature(
    name="payments",
    blueprints=[bp],
    handlers={RefundRequested: [send_money_back], CollectionRequested: [collect]},
    jobs=[Job(jobs.reconcile_nightly, at="20 1 * * *")],
    commands=COMMANDS,
    menu=[MenuEntry("ops", "payments.reconciliation", "shield", N_("Reconciliation"), 62, right="pay_out")],
    personal_data=[Holding(open_matters=queries.open_matters)],
)
