from zhixun.kernel.errors import N_
from zhixun.kernel.feature import Feature, Job, MenuEntry
from zhixun.kernel.personal import Holding

from . import jobs, queries
from .routes import bp

feature = Feature(
    "crm",
    blueprints=[bp],
    personal_data=[Holding(open_matters=queries.open_matters)],
    jobs=[Job(jobs.ask_whether_it_helped, at="10 1 * * *"), Job(jobs.send_campaigns, at="* * * * *")],
    menu=[
        MenuEntry("me", "crm.complaint", "assist", N_("Complaints and suggestions"), 80),
        MenuEntry("pro", "crm.own_clients", "users", N_("My clients"), 40, marks=("crm.own_client",)),
        MenuEntry("ops", "crm.clients", "users", N_("Clients"), 40, right="see_clients", marks=("crm.client",)),
        MenuEntry("ops", "crm.campaigns", "heart", N_("Campaigns"), 47, right="run_campaigns", marks=("crm.campaign",)),
        MenuEntry("ops", "crm.complaints", "assist", N_("Complaints"), 45, right="answer_complaints", marks=("crm.desk_matter",)),
    ],
)  # fmt: skip
