from zhixun.kernel.errors import N_
from zhixun.kernel.feature import Feature, MenuEntry

from .routes import bp

feature = Feature(
    "pages",
    blueprints=[bp],
    menu=[
        MenuEntry("pro", "pages.pro_day", "clock", N_("My day"), 10),
        MenuEntry("pro", "pages.pro_earnings", "coin", N_("Earnings"), 50),
        MenuEntry("pro", "pages.statements", "book", N_("Statements"), 60, marks=("pages.statement",)),
        MenuEntry(
            "me",
            "pages.safety",
            "shield",
            N_("Sign-in and safety"),
            87,
            marks=(
                "pages.app_to_confirm",
                "pages.confirm_app",
                "pages.new_passkey",
                "pages.add_passkey",
                "pages.make_codes",
                "pages.change_password",
            ),
        ),
        MenuEntry("me", "pages.my_data", "box", N_("My data"), 85, marks=("pages.copy_my_data", "pages.erase_me")),
        MenuEntry("me", "pages.me", "user", N_("My account"), 90, marks=("pages.email", "pages.ask_change_of_address")),
    ],
)
