from zhixun.events.assistant import ArticleChanged
from zhixun.kernel.errors import N_
from zhixun.kernel.feature import Feature, Job, MenuEntry

from . import handlers, jobs
from .commands import COMMANDS
from .routes import bp

feature = Feature(
    "assistant",
    blueprints=[bp],
    handlers={ArticleChanged: [handlers.index_changed]},
    jobs=[Job(jobs.keep_passages_whole, "* * * * *"), Job(jobs.lapse_hand_overs, "11 * * * *"), Job(jobs.forget_unowned, "40 3 * * *")],
    commands=COMMANDS,
    menu=[
        MenuEntry("me", "assistant.ask", "assist", N_("Assistant"), 25),
        MenuEntry(
            "ops", "assistant.hand_overs", "assist", N_("Hand-overs"), 60, right="answer_complaints",
            marks=("assistant.desk_hand_over", "assistant.answer"),
        ),
        MenuEntry(
            "ops", "assistant.knowledge", "book", N_("Knowledge"), 70, right="edit_knowledge",
            marks=("assistant.edit", "assistant.write"),
        ),
    ],
)  # fmt: skip
