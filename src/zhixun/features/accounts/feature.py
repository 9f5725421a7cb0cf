from zhixun.kernel.feature import Feature, Job

from . import jobs

feature = Feature("accounts", jobs=[Job(jobs.forget_lapsed, at="17 * * * *")])
