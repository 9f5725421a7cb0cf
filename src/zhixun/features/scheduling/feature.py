from zhixun.kernel.feature import Feature, Job

from . import jobs
from .commands import COMMANDS

feature = Feature(name="scheduling", jobs=[Job(jobs.sweep_lapsed_holds, at="* * * * *")], commands=COMMANDS)
