from __future__ import annotations

from datetime import datetime

from sqlalchemy import DDL, BigInteger, CheckConstraint, ForeignKey, Index, event
from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.tables import Table


class Transaction(Table):
    __tablename__ = "ledger_transactions"
    __table_args__ = (
        Index("ledger_transactions_purpose", "purpose"),
        Index("ledger_transactions_kind_at", "kind", "at"),
    )
    personal_data = "keep: the law asks for the books"

    id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    """What caused it, so that a cause is booked once: "capture:sandbox:ch_1", "release:018f…"."""
    kind: Mapped[str]
    purpose: Mapped[str]
    at: Mapped[datetime]


class Entry(Table):
    __tablename__ = "ledger_entries"
    __table_args__ = (
        CheckConstraint("amount_minor <> 0"),
        Index("ledger_entries_account", "account", "transaction_id"),
    )
    personal_data = "keep: the law asks for the books"

    transaction_id: Mapped[str] = mapped_column(ForeignKey("ledger_transactions.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]


class Account(Table):
    """Each account's balance, kept by a trigger from the entries. Its row lock orders those who move the same money."""

    __tablename__ = "ledger_accounts"
    __table_args__ = (
        CheckConstraint("account NOT LIKE 'escrow:%' OR balance_minor >= 0", name="ledger_escrow_never_negative"),
        CheckConstraint("account NOT LIKE 'refunds:%' OR balance_minor >= 0", name="ledger_refunds_never_negative"),
        CheckConstraint("account NOT LIKE 'credits:%' OR balance_minor >= 0", name="ledger_credits_never_negative"),
        CheckConstraint("account NOT LIKE 'points:%' OR balance_minor >= 0", name="ledger_points_never_negative"),
    )
    personal_data = "keep: the law asks for the books"

    account: Mapped[str] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    balance_minor: Mapped[int] = mapped_column(BigInteger)


APPEND_ONLY = """
CREATE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the books are append-only: correct with a new entry' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER ledger_transactions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transactions
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();
"""

BALANCED = """
CREATE FUNCTION ledger_must_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  which text := CASE TG_TABLE_NAME WHEN 'ledger_transactions' THEN to_jsonb(NEW)->>'id'
                                   ELSE to_jsonb(NEW)->>'transaction_id' END;
BEGIN
  IF (SELECT count(*) FROM ledger_entries WHERE transaction_id = which) < 2
     OR EXISTS (SELECT FROM ledger_entries WHERE transaction_id = which GROUP BY currency HAVING sum(amount_minor) <> 0)
  THEN
    RAISE EXCEPTION 'transaction % does not balance', which USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_transactions_balance AFTER INSERT ON ledger_transactions
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_must_balance();
CREATE CONSTRAINT TRIGGER ledger_entries_balance AFTER INSERT ON ledger_entries
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_must_balance();
"""

KEPT_BALANCE = """
CREATE FUNCTION ledger_keep_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE ledger_accounts SET balance_minor = balance_minor + NEW.amount_minor
    WHERE account = NEW.account AND currency = NEW.currency;
  IF NOT FOUND THEN
    INSERT INTO ledger_accounts (account, currency, balance_minor) VALUES (NEW.account, NEW.currency, NEW.amount_minor)
      ON CONFLICT (account, currency)
      DO UPDATE SET balance_minor = ledger_accounts.balance_minor + excluded.balance_minor;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER ledger_entries_keep_balance AFTER INSERT ON ledger_entries
  FOR EACH ROW EXECUTE FUNCTION ledger_keep_balance();
"""

for _statement in (APPEND_ONLY, BALANCED, KEPT_BALANCE):
    # The entries come last of the three tables, so all of them exist by then.
    event.listen(Table.metadata, "after_create", DDL(_statement.replace("%", "%%")))
