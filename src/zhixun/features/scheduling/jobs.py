from zhixun.kernel.unit_of_work import unit_of_work

from . import actions


def sweep_lapsed_holds() -> None:
    """Holds free themselves when someone asks for the time; sweeping keeps the tables honest in quiet hours too."""
    with unit_of_work() as uow:
        actions.sweep_lapsed_holds(uow)


def read_busy_calendars() -> None:
    with unit_of_work() as uow:
        actions.state_busy_calendars_due(uow)
