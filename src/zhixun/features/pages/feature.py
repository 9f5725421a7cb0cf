from zhixun.kernel.errors import N_
from zhixun.kernel.feature import Feature, MenuEntry

from .routes import bp

feature = Feature(
    "pages",
    blueprints=[bp],
    menu=[
        MenuEntry("pro", "pages.pro_day", "clock", N_("My day"), 10),
        MenuEntry("pro", "pages.pro_earnings", "coin", N_("Earnings"), 50),
        MenuEntry("me", "pages.my_data", "box", N_("My data"), 85, marks=("pages.copy_my_data", "pages.erase_me")),
        MenuEntry("me", "pages.me", "user", N_("My account"), 90),
    ],
)
