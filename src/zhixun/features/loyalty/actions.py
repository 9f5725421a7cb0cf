from __future__ import annotations

from sqlalchemy import delete, func, select

from zhixun.features.accounts.rules import check_right
from zhixun.features.ledger import actions as ledger
from zhixun.features.ledger.rules import POINTS, POINTS_ISSUED, Line, points_account
from zhixun.kernel.errors import N_, Conflict, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import Money, new_id

from . import queries, rules
from .models import CouponRow, CouponUse, Lot, Spend
from .rules import Coupon


class CodeTaken(Conflict):
    code, message = "code_taken", N_("Another coupon has this code.")


def create_coupon(uow: UnitOfWork, *, coupon: Coupon) -> None:
    """Offer a coupon. The same id twice is done once. Raises RightNeeded, Invalid, CodeTaken."""
    check_right(uow.actor, "give_discounts")
    rules.check_coupon(coupon)
    if uow.db.get(CouponRow, coupon.id) is not None:
        return
    if uow.db.scalar(select(CouponRow.id).where(CouponRow.code == coupon.code)) is not None:
        raise CodeTaken(fields={"code": CodeTaken.message})
    uow.db.add(
        CouponRow(
            id=coupon.id, code=coupon.code, title=coupon.title, kind=coupon.kind, percent_bps=coupon.percent_bps,
            amount_minor=coupon.amount_minor, off_max_minor=coupon.off_max_minor, minimum_minor=coupon.minimum_minor,
            field_id=coupon.field_id, consultant_id=coupon.consultant_id, first_booking=coupon.first_booking,
            listed=coupon.listed, valid_from=coupon.valid_from, valid_until=coupon.valid_until,
            per_person_max=coupon.per_person_max, uses_max=coupon.uses_max, budget_minor=coupon.budget_minor, used=0,
            spent_minor=0, paused=False, created_by=uow.actor.user_id, created_at=uow.now,
        )
    )  # fmt: skip
    uow.db.flush()


def pause_coupon(uow: UnitOfWork, *, coupon_id: str) -> None:
    """Let nobody use it any more; bookings that have it keep it. Raises RightNeeded, NotFound."""
    _coupon_of_desk(uow, coupon_id).paused = True


def resume_coupon(uow: UnitOfWork, *, coupon_id: str) -> None:
    """Let it be used again. Raises RightNeeded, NotFound."""
    _coupon_of_desk(uow, coupon_id).paused = False


def one_at_a_time(uow: UnitOfWork) -> None:
    """Whoever uses or gives back coupons or points waits for the one before: so what they look at is certain, and two
    never wait for each other's accounts in a ring."""
    uow.db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("loyalty", 0))))


def use_coupon(uow: UnitOfWork, *, booking_id: str, person_id: str, coupon_id: str, off: Money) -> None:
    """Count one use for a booking, after `one_at_a_time` and a look at what it gives. The database refuses one too many."""
    coupon = uow.db.get_one(CouponRow, coupon_id, with_for_update=True, populate_existing=True)
    coupon.used += 1
    coupon.spent_minor += off.amount_minor
    uow.db.add(
        CouponUse(
            booking_id=booking_id, coupon_id=coupon_id, person_id=person_id, off_minor=off.amount_minor,
            returned_minor=0, counts=True, at=uow.now,
        )
    )  # fmt: skip
    uow.db.flush()


def return_coupon(uow: UnitOfWork, *, booking_id: str, back: Money) -> None:
    """So much of it came back: the budget has it again, and where that is all of it, the coupon can be used again."""
    use = uow.db.get(CouponUse, booking_id, with_for_update=True, populate_existing=True)
    if use is None or not use.counts:
        return
    coupon = uow.db.get_one(CouponRow, use.coupon_id, with_for_update=True, populate_existing=True)
    use.returned_minor += back.amount_minor
    coupon.spent_minor -= back.amount_minor
    if use.returned_minor == use.off_minor:
        use.counts = False
        coupon.used -= 1
    uow.db.flush()


def use_coupon_again(uow: UnitOfWork, *, booking_id: str) -> bool:
    """A booking whose hold had ended is paid after all. False where the coupon is used up meanwhile."""
    use = uow.db.get(CouponUse, booking_id, with_for_update=True, populate_existing=True)
    if use is None or use.counts:
        return True
    coupon = uow.db.get_one(CouponRow, use.coupon_id, with_for_update=True, populate_existing=True)
    over = coupon.uses_max is not None and coupon.used >= coupon.uses_max
    if over or (coupon.budget_minor is not None and coupon.spent_minor + use.off_minor > coupon.budget_minor):
        return False
    coupon.used, coupon.spent_minor = coupon.used + 1, coupon.spent_minor + use.off_minor
    use.counts, use.returned_minor = True, 0
    return True


def spend_points(uow: UnitOfWork, *, booking_id: str, person_id: str, points: int) -> None:
    """Take points for a booking, the first to expire first, after `one_at_a_time` and a look at how many there are."""
    lots = list(
        uow.db.scalars(
            select(Lot)
            .where(Lot.person_id == person_id, Lot.left_points > 0, Lot.expires_at > uow.now)
            .order_by(Lot.expires_at, Lot.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )
    taken = rules.drawn([(lot.id, lot.left_points) for lot in lots], points)
    by_id = {lot.id: lot for lot in lots}
    for lot_id, used in taken:
        by_id[lot_id].left_points -= used
    uow.db.add(
        Spend(
            booking_id=booking_id, person_id=person_id, points=points, returned_points=0, at=uow.now,
            lots=[{"lot": lot_id, "points": used} for lot_id, used in taken],
        )
    )  # fmt: skip
    uow.db.flush()
    _book(uow, person_id, -points, kind="points_spent", purpose=f"booking:{booking_id}")


def return_points(uow: UnitOfWork, *, booking_id: str, points: int) -> None:
    """Give points of a booking back into the lots they came from; what has expired meanwhile can be used a while."""
    spend = uow.db.get(Spend, booking_id, with_for_update=True, populate_existing=True)
    if spend is None or not points:
        return
    taken = [(one["lot"], one["points"]) for one in spend.lots]
    for lot_id, back in rules.put_back(taken, spend.returned_points + points):
        already = dict(rules.put_back(taken, spend.returned_points)).get(lot_id, 0) if spend.returned_points else 0
        lot = uow.db.get_one(Lot, lot_id, with_for_update=True, populate_existing=True)
        lot.left_points = min(lot.points, lot.left_points + back - already)
        if lot.expires_at <= uow.now:
            lot.expires_at = uow.now + rules.RETURNED_LAST
    spend.returned_points += points
    uow.db.flush()
    _book(uow, spend.person_id, points, kind="points_returned", purpose=f"booking:{booking_id}")


def forget_benefits(uow: UnitOfWork, *, booking_id: str) -> None:
    """The client pays in another way: the rows of what has all come back make room for what is chosen now."""
    uow.db.execute(delete(CouponUse).where(CouponUse.booking_id == booking_id, ~CouponUse.counts))
    uow.db.execute(delete(Spend).where(Spend.booking_id == booking_id, Spend.points == Spend.returned_points))


def spend_points_again(uow: UnitOfWork, *, booking_id: str) -> bool:
    """A booking whose hold had ended is paid after all. False where the points are gone meanwhile."""
    spend = uow.db.get(Spend, booking_id, with_for_update=True, populate_existing=True)
    if spend is None or spend.returned_points < spend.points:
        return True
    if queries.standing(uow.db, spend.person_id, uow.now).balance < spend.points:
        return False
    person_id, points = spend.person_id, spend.points
    uow.db.delete(spend)
    uow.db.flush()
    spend_points(uow, booking_id=booking_id, person_id=person_id, points=points)
    return True


def earn_points(uow: UnitOfWork, *, booking_id: str, person_id: str, paid: Money) -> int:
    """Points for a completed session, by what was paid in money and the tier; returns how many. Twice is once."""
    if paid.currency != "CNY" or not paid or uow.db.get(Lot, booking_id) is not None:
        return 0
    points = rules.points_for(paid, queries.standing(uow.db, person_id, uow.now).tier)
    uow.db.add(
        Lot(
            id=booking_id, person_id=person_id, points=points, left_points=points, paid_minor=paid.amount_minor,
            taken_back=0, earned_at=uow.now, expires_at=uow.now + rules.POINTS_LAST,
        )
    )  # fmt: skip
    uow.db.flush()
    _book(uow, person_id, points, kind="points_earned", purpose=f"booking:{booking_id}")
    return points


def give_courtesy(uow: UnitOfWork, *, booking_id: str, person_id: str, points: int) -> None:
    """Points of the house for a session that its consultant called off or did not come to. Twice is once."""
    if not points or uow.db.get(Lot, booking_id) is not None:
        return
    one_at_a_time(uow)
    uow.db.add(
        Lot(
            id=booking_id, person_id=person_id, points=points, left_points=points, paid_minor=0, taken_back=0,
            earned_at=uow.now, expires_at=uow.now + rules.POINTS_LAST,
        )
    )  # fmt: skip
    uow.db.flush()
    _book(uow, person_id, points, kind="points_courtesy", purpose=f"booking:{booking_id}")


def take_back_points(uow: UnitOfWork, *, booking_id: str, refunded: Money) -> None:
    """Money of a completed session went back, `refunded` in all: its points go with it, as far as they are not spent."""
    lot = uow.db.get(Lot, booking_id, with_for_update=True, populate_existing=True)
    if lot is None or not lot.paid_minor:
        return
    due = lot.points * min(refunded.amount_minor, lot.paid_minor) // lot.paid_minor - lot.taken_back
    taken = min(due, lot.left_points)
    if due <= 0:
        return
    lot.taken_back += due
    lot.left_points -= taken
    uow.db.flush()
    _book(uow, lot.person_id, -taken, kind="points_taken_back", purpose=f"booking:{booking_id}")


def expire_points(uow: UnitOfWork, *, lot_id: str) -> None:
    """Points of one lot whose twelve months are over. Twice is once."""
    lot = uow.db.get_one(Lot, lot_id, with_for_update=True, populate_existing=True)
    if not lot.left_points or lot.expires_at > uow.now:
        return
    gone, lot.left_points = lot.left_points, 0
    uow.db.flush()
    _book(uow, lot.person_id, -gone, kind="points_expired", purpose=f"booking:{lot_id}")


def _book(uow: UnitOfWork, person_id: str, points: int, *, kind: str, purpose: str) -> None:
    """Into the books, in points. Who calls has locked the row that makes this happen once."""
    if points:
        amount = Money(points, POINTS)
        lines = [Line(points_account(person_id), amount), Line(POINTS_ISSUED, -amount)]
        ledger.post(uow, key=f"{kind}:{new_id()}", kind=kind, purpose=purpose, lines=lines)


def _coupon_of_desk(uow: UnitOfWork, coupon_id: str) -> CouponRow:
    check_right(uow.actor, "give_discounts")
    row = uow.db.get(CouponRow, coupon_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound
    return row
