"""Two weeks after a session the clock asks its client whether it helped; every minute it sends what campaigns have to send."""

from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import utc_now

from . import actions, queries


def ask_whether_it_helped() -> None:
    """Each in a transaction of its own."""
    with Session() as db:
        due = queries.due_for_check(db, utc_now())
    for booking_id in due:
        with unit_of_work() as uow:
            actions.ask_whether_it_helped(uow, booking_id=booking_id)


def send_campaigns() -> None:
    """One batch of each, in a transaction of its own."""
    with Session() as db:
        running = queries.running(db)
    for campaign_id in running:
        with unit_of_work() as uow:
            actions.send_batch(uow, campaign_id=campaign_id)
