from zhixun.events.accounts import SafetyChanged
from zhixun.kernel.unit_of_work import unit_of_work

from . import actions


def end_keys(event: SafetyChanged) -> None:
    """Who sets a new password by mail may have lost the account to somebody: whatever opens it ends, keys too."""
    if event.change == "password_reset":
        with unit_of_work() as uow:
            actions.end_all_keys(uow, person_id=event.user_id)
