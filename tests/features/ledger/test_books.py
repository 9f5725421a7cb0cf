"""The books: whatever is booked, in whatever order and however often, they balance, and nobody can rewrite them."""

from __future__ import annotations

import json
from argparse import Namespace
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from tests import make
from zhixun.features.ledger import actions, queries, rules
from zhixun.features.ledger.commands import COMMANDS
from zhixun.features.ledger.rules import (
    Line,
    consultant_account,
    escrow_for,
    escrow_of,
    gateway_account,
    refunds_account,
)
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Money, new_id

NOW = make.NOW
GATEWAY = gateway_account("sandbox")


def yuan(minor: int) -> Money:
    return Money(minor)


def capture(uow, booking_id: str, minor: int, *, key: str | None = None) -> str:
    purpose = f"booking:{booking_id}"
    lines = [Line(GATEWAY, yuan(-minor)), Line(escrow_for(purpose), yuan(minor))]
    return actions.post(uow, key=key or f"capture:{new_id()}", kind="capture", purpose=purpose, lines=lines)


def release(uow, booking_id: str, bps: int = 1_200) -> None:
    actions.release_escrow(uow, booking_id=booking_id, consultant_id="grace", commission_bps=bps)


def verified() -> queries.Verification:
    with Session() as db:
        return queries.verify(db)


moves = st.lists(
    st.tuples(
        st.sampled_from(("capture", "capture", "refund", "release")),
        st.integers(0, 2),
        st.integers(1, 50_000),
        st.integers(0, 10_000),
    ),
    max_size=10,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves)
def test_any_history_sums_to_zero_keeps_escrow_and_bears_being_replayed(db_url, history):
    names = [new_id() for _ in range(3)]
    booked = []
    for kind, which, minor, bps in history:
        move = (kind, names[which], minor, bps, f"{kind}:{new_id()}")
        if _moved(*move):
            booked.append(move)
    before = verified()
    for move in booked:
        _moved(*move)
    assert verified() == before
    assert before.holds, before.problems
    assert sum(before.sums.get("CNY", {}).values()) == 0
    assert before.sums.get("CNY", {}).get("escrow", 0) >= 0


def _moved(kind: str, booking_id: str, minor: int, bps: int, key: str) -> bool:
    """Whether the move was booked: a refund of more than is in escrow is refused, a release of nothing books nothing."""
    escrow = escrow_of(booking_id)
    try:
        with unit_of_work(now=NOW) as uow:
            if kind == "capture":
                capture(uow, booking_id, minor, key=key)
            elif kind == "refund":
                lines = [Line(escrow, yuan(-minor)), Line(refunds_account("sandbox"), yuan(minor))]
                actions.post(uow, key=key, kind="refund", purpose=f"booking:{booking_id}", lines=lines)
            else:
                something = bool(queries.balance(uow.db, escrow))
                release(uow, booking_id, bps)
                return something
    except IntegrityError as error:
        if kind == "refund" and "ledger_escrow_never_negative" in str(error):
            return False
        raise
    return True


def test_the_same_cause_is_booked_once(db_url):
    with unit_of_work(now=NOW) as uow:
        first = capture(uow, "b1", 100, key="capture:x")
    with unit_of_work(now=NOW) as uow:
        assert capture(uow, "b1", 100, key="capture:x") == first
        assert queries.balance(uow.db, escrow_of("b1")) == yuan(100)


def test_the_same_cause_at_the_same_moment_is_booked_once(db_url):
    def book(_: int) -> str:
        with unit_of_work(now=NOW) as uow:
            return capture(uow, "b1", 100, key="capture:x")

    with ThreadPoolExecutor(12) as pool:
        assert len(set(pool.map(book, range(24)))) == 1
    assert verified().transactions == 1


def test_money_moving_between_the_same_accounts_at_the_same_moment_neither_waits_in_a_ring_nor_is_lost(db_url):
    accounts = [consultant_account(name) for name in ("ada", "bob", "grace")]

    def book(n: int) -> None:
        lines = [Line(accounts[(n + place) % 3], yuan(amount)) for place, amount in enumerate((100, -70, -30))]
        with unit_of_work(now=NOW) as uow:
            actions.post(uow, key=f"correction:{n}", kind="correction", purpose="test", lines=lines)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(book, range(36)))
    with Session() as db:
        assert queries.balances(db, accounts) == dict.fromkeys(accounts, yuan(0))
    assert verified().holds


@pytest.mark.parametrize("table", ["ledger_transactions", "ledger_entries"])
@pytest.mark.parametrize("deed", ["UPDATE {} SET {} = 'x'", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_database_refuses_to_rewrite_the_books(db_url, table, deed):
    with unit_of_work(now=NOW) as uow:
        capture(uow, "b1", 100)
    column = "kind" if table == "ledger_transactions" else "account"
    with Session() as db, pytest.raises(IntegrityError, match="append-only"):
        db.execute(sa.text(deed.format(table, column)))
    assert verified().holds


@pytest.mark.parametrize("amounts", [[100], [100, -99], [], [100, 100]])
def test_the_database_refuses_at_commit_what_does_not_balance(db_url, amounts):
    with Session() as db:
        db.execute(sa.text("INSERT INTO ledger_transactions VALUES ('t1', 'k1', 'capture', 'booking:b1', now())"))
        for number, amount in enumerate(amounts):
            db.execute(
                sa.text("INSERT INTO ledger_entries VALUES ('t1', :n, :account, :amount, 'CNY')"),
                {"n": number, "account": f"consultant:{number}", "amount": amount},
            )
        with pytest.raises(IntegrityError, match="does not balance"):
            db.commit()
    assert verified().transactions == 0


def test_two_currencies_balance_each_for_itself(db_url):
    lines = [Line(GATEWAY, Money(-100, "CNY")), Line(escrow_of("b1"), Money(100, "USD"))]
    assert not rules.is_balanced(lines)
    with pytest.raises(AssertionError), unit_of_work(now=NOW) as uow:
        actions.post(uow, key="k", kind="capture", purpose="booking:b1", lines=lines)
    with unit_of_work(now=NOW) as uow:
        capture(uow, "b1", 100)
        dollars = [Line(GATEWAY, Money(-100, "USD")), Line(escrow_of("b1"), Money(100, "USD"))]
        actions.post(uow, key="k", kind="capture", purpose="booking:b1", lines=dollars)
        release(uow, "b1")
    with Session() as db:
        for currency in ("CNY", "USD"):
            assert queries.balance(db, consultant_account("grace"), currency) == Money(88, currency)
    assert verified().holds


@given(st.integers(1, 10**12), st.integers(0, 10_000))
def test_commission_and_share_add_up_to_the_last_cent(minor, bps):
    commission, share = rules.shares(yuan(minor), bps)
    assert commission + share == yuan(minor)
    assert commission.amount_minor >= 0
    assert share.amount_minor >= 0


def test_a_half_cent_of_commission_is_rounded_up_and_the_consultant_gets_the_rest():
    assert rules.shares(yuan(9_999), 1_500) == (yuan(1_500), yuan(8_499))
    assert rules.shares(yuan(100), 10_000) == (yuan(100), yuan(0))
    assert rules.shares(yuan(1), 1_200) == (yuan(0), yuan(1))


@pytest.mark.parametrize(("bps", "kept", "earned"), [(1_200, 5_760, 42_240), (0, 0, 48_000), (10_000, 48_000, 0)])
def test_release_divides_the_escrow_once(db_url, bps, kept, earned):
    with unit_of_work(now=NOW) as uow:
        capture(uow, "b1", 48_000)
    for _ in range(2):
        with unit_of_work(now=NOW) as uow:
            release(uow, "b1", bps)
    with Session() as db:
        assert queries.balance(db, escrow_of("b1")) == yuan(0)
        assert queries.balance(db, rules.COMMISSION) == yuan(kept)
        assert queries.balance(db, consultant_account("grace")) == yuan(earned)


def test_releasing_nothing_books_nothing(db_url):
    with unit_of_work(now=NOW) as uow:
        release(uow, "b1")
    assert verified().transactions == 0


def test_a_statement_says_what_each_session_brought(db_url):
    for day in range(3):
        with unit_of_work(now=NOW + timedelta(days=day)) as uow:
            capture(uow, f"b{day}", 10_000)
            release(uow, f"b{day}")
    with Session() as db:
        lines = queries.statement(db, "grace")
        assert [line.purpose for line in lines] == ["booking:b2", "booking:b1", "booking:b0"]
        assert (lines[0].gross, lines[0].commission, lines[0].net) == (yuan(10_000), yuan(1_200), yuan(8_800))
        assert [line.purpose for line in queries.statement(db, "grace", before=lines[0].released_at, limit=1)] == [
            "booking:b1"
        ]
        assert queries.released_since(db, "grace", NOW + timedelta(days=1)) == yuan(17_600)
        assert queries.captured_between(db, NOW, NOW + timedelta(days=2)) == [
            ("2026-11-24", 10_000),
            ("2026-11-25", 10_000),
        ]
        entries = queries.entries(db, consultant_account("grace"))
        assert sum(entry.amount.amount_minor for entry in entries) == 26_400
        assert len(queries.transactions_for(db, "booking:b0")) == 5
        assert queries.statement(db, "nobody") == []


def test_a_day_is_one_of_the_zone_that_is_asked_for_and_a_second_charge_is_no_income(db_url):
    late = datetime(2026, 11, 24, 18, tzinfo=UTC)
    with unit_of_work(now=late) as uow:
        capture(uow, "b1", 10_000)
        twice = [Line(GATEWAY, yuan(-10_000)), Line(refunds_account("sandbox"), yuan(10_000))]
        actions.post(uow, key="capture:twice", kind="capture", purpose="booking:b1", lines=twice)
    with Session() as db:
        span = (late - timedelta(days=1), late + timedelta(days=1))
        assert queries.captured_between(db, *span, zone="Asia/Shanghai") == [("2026-11-25", 10_000)]
        assert queries.captured_between(db, *span) == [("2026-11-24", 10_000)]


DAMAGE = {
    "UPDATE ledger_entries SET amount_minor = amount_minor + 1 WHERE account LIKE 'escrow:%'": "does not balance",
    "DELETE FROM ledger_entries WHERE account LIKE 'escrow:%'": "does not balance",
    "DELETE FROM ledger_entries": "fewer than two entries",
    "UPDATE ledger_accounts SET balance_minor = balance_minor + 1 WHERE account LIKE 'escrow:%'": "differs from its entries",
    "UPDATE ledger_accounts SET balance_minor = balance_minor + 7 WHERE account LIKE 'gateway:%'": "do not sum to zero",
    "DELETE FROM ledger_accounts WHERE account LIKE 'gateway:%'": "differs from its entries",
    "ALTER TABLE ledger_accounts DROP CONSTRAINT ledger_escrow_never_negative; "
    "UPDATE ledger_accounts SET balance_minor = -1 WHERE account LIKE 'escrow:%'": "is negative",
    "ALTER TABLE ledger_transactions DROP CONSTRAINT ledger_transactions_key_key; "
    "INSERT INTO ledger_transactions SELECT id || 'x', key, kind, purpose, at FROM ledger_transactions": "booked twice",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_verify_finds_planted_damage(db_url, damage, capsys):
    with unit_of_work(now=NOW) as uow:
        capture(uow, "b1", 48_000)
    assert verified().holds
    with Session.begin() as db:
        db.execute(sa.text("SET session_replication_role = replica"))
        for statement in damage.split("; "):
            db.execute(sa.text(statement.replace(":", r"\:")))
        db.execute(sa.text("SET session_replication_role = origin"))
    found = verified()
    assert any(DAMAGE[damage] in problem for problem in found.problems), found.problems
    assert COMMANDS[0].run(Namespace(json=False)) == 1
    assert "PROBLEM" in capsys.readouterr().out


def test_verify_prints_counts_and_sums(db_url, capsys):
    with unit_of_work(now=NOW) as uow:
        capture(uow, "b1", 48_000)
        capture(uow, "b2", 12_000)
        release(uow, "b1")
    assert COMMANDS[0].run(Namespace(json=True)) == 0
    assert json.loads(capsys.readouterr().out) == {
        "holds": True, "problems": [], "transactions": 3, "entries": 7, "accounts": 5,
        "sums": {"CNY": {"consultant": 42_240, "escrow": 12_000, "gateway": -60_000, "platform": 5_760}},
    }  # fmt: skip
    assert COMMANDS[0].run(Namespace(json=False)) == 0
    assert "The books hold." in capsys.readouterr().out
