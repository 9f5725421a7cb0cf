from zhixun.kernel.errors import N_
from zhixun.kernel.feature import Feature, Job, MenuEntry

from . import jobs
from .routes import bp

feature = Feature(
    "payouts",
    blueprints=[bp],
    jobs=[Job(jobs.let_runs_lapse, at="40 2 * * *")],
    menu=[
        MenuEntry("ops", "payouts.runs", "coin", N_("Payouts"), 60, right="pay_out", marks=("payouts.run",)),
    ],
)
