from zhixun.kernel.errors import N_
from zhixun.kernel.feature import Feature, Job, MenuEntry
from zhixun.kernel.personal import Holding

from . import actions, jobs
from .commands import COMMANDS
from .routes import bp
from .routes.feedback import feedback_button
from .routes.rows import wanted_of_reader
from .routes.summary import summary_button

feature = Feature(
    "quality",
    blueprints=[bp],
    jobs=[
        Job(jobs.choose_sessions, at="20 19 * * *"),
        Job(jobs.pass_time, at="*/10 * * * *"),
        Job(jobs.learn, at="40 18 * * *"),
    ],
    commands=COMMANDS,
    panels={"feedback": feedback_button, "summary": summary_button},
    row_panels={"sessions": wanted_of_reader},
    menu=[
        MenuEntry("me", "quality.review", "book", N_("Sessions to read"), 20, marks=("quality.read_case",), role="reviewer"),
        MenuEntry("pro", "quality.report", "chart", N_("My report"), 60),
        MenuEntry("ops", "quality.desk", "badge", N_("Quality"), 60, right="settle_disputes", marks=("quality.report_for_desk",)),
    ],
    personal_data=[Holding(("quality_feedback",), actions.forget_words)],
)  # fmt: skip
