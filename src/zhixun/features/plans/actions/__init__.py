"""What people do with plans: set prices, sell, buy, use, give back; and what the clock does to them."""

from .buying import AlreadyMember, NotSold, fulfil_if_paid, order_plan, renewal_refused
from .clock import pass_time
from .ending import NothingToRefund, cancel_membership, refund_plan, resume_membership
from .prices import RULES_MAX, TooManyRules, drop_price_rule, set_price_rule
from .selling import TooManyPackages, put_membership, put_package, withdraw_membership, withdraw_package
from .using import return_benefits, take, take_again

__all__ = [
    "RULES_MAX",
    "AlreadyMember",
    "NotSold",
    "NothingToRefund",
    "TooManyPackages",
    "TooManyRules",
    "cancel_membership",
    "drop_price_rule",
    "fulfil_if_paid",
    "order_plan",
    "pass_time",
    "put_membership",
    "put_package",
    "refund_plan",
    "renewal_refused",
    "resume_membership",
    "return_benefits",
    "set_price_rule",
    "take",
    "take_again",
    "withdraw_membership",
    "withdraw_package",
]
