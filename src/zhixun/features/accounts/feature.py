from zhixun.kernel.feature import Feature, Job
from zhixun.kernel.personal import Holding

from . import jobs, queries

feature = Feature(
    "accounts",
    jobs=[Job(jobs.forget_lapsed, at="17 * * * *")],
    personal_data=[Holding(open_matters=queries.open_matters)],
)
