from zhixun.events.payments import CollectionRequested, RefundRequested
from zhixun.kernel.feature import Feature
from zhixun.kernel.personal import Holding

from . import queries
from .handlers import collect, send_money_back
from .routes import bp

feature = Feature(
    name="payments",
    blueprints=[bp],
    handlers={RefundRequested: [send_money_back], CollectionRequested: [collect]},
    personal_data=[Holding(open_matters=queries.open_matters)],
)
