from zhixun.kernel.errors import N_
from zhixun.kernel.feature import Feature, MenuEntry

from .routes import bp

feature = Feature(
    "admin",
    blueprints=[bp],
    menu=[
        MenuEntry("ops", "admin.overview", "chart", N_("Overview"), 10),
        MenuEntry("ops", "admin.bookings", "cal", N_("Bookings"), 20, right="see_orders", marks=("admin.booking",)),
        MenuEntry("ops", "admin.people", "users", N_("Who does what"), 90, right="appoint"),
    ],
)
