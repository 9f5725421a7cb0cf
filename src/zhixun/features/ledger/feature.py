from zhixun.kernel.feature import Feature
from zhixun.kernel.personal import Holding

from . import queries
from .commands import COMMANDS

feature = Feature(
    name="ledger",
    commands=COMMANDS,
    personal_data=[Holding(open_matters=queries.open_matters)],
)
