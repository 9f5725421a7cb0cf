from zhixun.events.privacy import ConsentWithdrawn
from zhixun.events.profiles import ProfileChanged
from zhixun.kernel.feature import Feature, Job

from . import handlers, jobs
from .commands import COMMANDS
from .routes import bp

feature = Feature(
    "recommend",
    blueprints=[bp],
    handlers={ProfileChanged: [handlers.suggest_anew], ConsentWithdrawn: [handlers.forget_withdrawn]},
    jobs=[Job(jobs.train_nightly, at="50 19 * * *")],
    commands=COMMANDS,
)
