from zhixun.kernel.feature import Feature, Job

from . import jobs
from .routes import bp

feature = Feature("api", blueprints=[bp], jobs=[Job(jobs.forget_old_keys, at="23 * * * *")])
