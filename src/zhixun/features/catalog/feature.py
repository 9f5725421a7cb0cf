from zhixun.kernel.feature import Feature
from zhixun.kernel.personal import Holding

from . import actions

feature = Feature(
    "catalog",
    personal_data=[Holding(("catalog_consultants",), actions.erase_consultant)],
)
