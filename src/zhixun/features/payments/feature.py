from zhixun.events.payments import RefundRequested
from zhixun.kernel.feature import Feature

from .handlers import send_money_back
from .routes import bp

feature = Feature(name="payments", blueprints=[bp], handlers={RefundRequested: [send_money_back]})
