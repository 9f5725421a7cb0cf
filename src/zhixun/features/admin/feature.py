from zhixun.events.privacy import PersonErased
from zhixun.kernel.errors import N_
from zhixun.kernel.feature import Feature, Job, MenuEntry

from . import handlers, jobs
from .commands import COMMANDS
from .routes import bp

feature = Feature(
    "admin",
    blueprints=[bp],
    handlers={PersonErased: [handlers.remember_erased]},
    jobs=[Job(jobs.make_backup, at="11 2 * * *"), Job(jobs.rehearse_newest, at="31 3 * * 0")],
    commands=COMMANDS,
    menu=[
        MenuEntry("ops", "admin.overview", "chart", N_("Overview"), 10),
        MenuEntry("ops", "admin.bookings", "cal", N_("Bookings"), 20, right="see_orders", marks=("admin.booking",)),
        MenuEntry("ops", "admin.times", "clock", N_("Times"), 25, right="see_orders"),
        MenuEntry("ops", "admin.people", "users", N_("Who does what"), 90, right="appoint"),
        MenuEntry("ops", "admin.backups", "db", N_("Backups"), 90, right="run_house"),
    ],
)
