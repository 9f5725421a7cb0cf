"""Ada, Grace and a clock: the stage on which a booking's life is told."""

from __future__ import annotations

from datetime import timedelta

from tests import make
from zhixun.features.booking import actions, queries
from zhixun.features.booking.rules import State
from zhixun.features.ledger import queries as ledger
from zhixun.features.ledger.rules import COMMISSION, consultant_account, escrow_of, refunds_account
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, Actor, new_id

NOW, PRICE = make.NOW, make.PRICE
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
QUARTER = 15 * MINUTE


class Scene:
    """Ada, Grace and a clock. Each deed is a transaction of its own; `facts` are those of the last one."""

    def __init__(self) -> None:
        self.ada, self.grace = make.pair()
        self.facts: list = []
        with unit_of_work(now=NOW) as uow:
            self.start = make.slot(uow, self.grace, number=8)  # 40 hours from now

    def do(self, deed, *args, who: Actor = SYSTEM, at=NOW, **keywords):
        with unit_of_work(who, now=at) as uow:
            answer = deed(uow, *args, **keywords)
        self.facts = [type(fact) for fact in uow.facts]
        return answer

    def ask(self, *, who=None, start=None, at=NOW, booking_id=None, service_id=None, **more):
        return self.do(
            actions.request_booking, who=who or self.ada, at=at, booking_id=booking_id or new_id(),
            service_id=service_id or self.grace.service_id, start=start or self.start, **more,
        ).booking_id  # fmt: skip

    def pay(self, booking_id, *, at=NOW, **how):
        return self.do(make.pay, booking_id, at=at, **how)

    def confirm(self, booking_id, *, at=NOW):
        return self.do(actions.confirm_if_paid, booking_id=booking_id, at=at)

    def booked(self):
        booking_id = self.ask()
        self.pay(booking_id)
        assert self.confirm(booking_id) is State.CONFIRMED
        return booking_id

    def join(self, booking_id, who, at):
        return self.do(actions.join_session, who=who, at=at, booking_id=booking_id)

    def begin(self, booking_id, at, who=None):
        return self.do(actions.begin_session, who=who or self.grace.actor, at=at, booking_id=booking_id)

    def complete(self, booking_id, at, who=None):
        return self.do(actions.complete_session, who=who or self.ada, at=at, booking_id=booking_id)

    def cancel(self, booking_id, at=NOW, who=None):
        return self.do(actions.cancel_booking, who=who or self.ada, at=at, booking_id=booking_id)

    def tick(self, booking_id, at):
        return self.do(actions.pass_time, at=at, booking_id=booking_id)

    def running(self):
        booking_id = self.booked()
        self.join(booking_id, self.ada, self.start)
        self.begin(booking_id, self.start)
        return booking_id

    def view(self, booking_id, at=NOW):
        with Session() as db:
            return queries.booking(db, booking_id, SYSTEM, at)

    def steps(self, booking_id):
        with Session() as db:
            return [step.state for step in queries.timeline(db, booking_id)]

    def money(self, booking_id):
        """(in escrow, on its way back, the consultant's, the platform's), and the books hold."""
        with Session() as db:
            assert ledger.verify(db).holds
            accounts = (
                escrow_of(booking_id), refunds_account("sandbox"), consultant_account(self.grace.id), COMMISSION,
            )  # fmt: skip
            return tuple(ledger.balance(db, account).amount_minor for account in accounts)

    def is_free(self):
        with unit_of_work(now=NOW) as uow:
            return make.slot(uow, self.grace, after=self.start) == self.start
