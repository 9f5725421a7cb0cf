from zhixun.events.catalog import PhotoRemoved
from zhixun.kernel.errors import N_
from zhixun.kernel.feature import Feature, MenuEntry
from zhixun.kernel.personal import Holding

from . import actions, handlers
from .routes import bp

feature = Feature(
    "catalog",
    blueprints=[bp],
    handlers={PhotoRemoved: [handlers.forget_photo]},
    personal_data=[Holding(("catalog_consultants",), actions.erase_consultant, tell=handlers.told_photo)],
    menu=[
        MenuEntry(
            "pro", "catalog.services", "box", N_("My services"), 25,
            marks=("catalog.service", "catalog.write_service"),
        ),
        MenuEntry("pro", "catalog.own_page", "user", N_("My page"), 27, marks=("catalog.write_own_page",)),
        MenuEntry(
            "ops", "catalog.fields", "sliders", N_("Fields"), 75, right="edit_fields",
            marks=("catalog.edit_field", "catalog.write_field"),
        )
    ],
)  # fmt: skip
