"""The tables of ledger."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE ledger_accounts (
  account TEXT NOT NULL,
  currency TEXT NOT NULL,
  balance_minor BIGINT NOT NULL,
  PRIMARY KEY (account, currency),
  CONSTRAINT ledger_escrow_never_negative CHECK (account NOT LIKE 'escrow:%' OR balance_minor >= 0),
  CONSTRAINT ledger_refunds_never_negative CHECK (account NOT LIKE 'refunds:%' OR balance_minor >= 0)
);
CREATE TABLE ledger_transactions (
  id TEXT NOT NULL,
  key TEXT NOT NULL,
  kind TEXT NOT NULL,
  purpose TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (key)
);
CREATE INDEX ledger_transactions_purpose ON ledger_transactions (purpose);
CREATE TABLE ledger_entries (
  transaction_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  account TEXT NOT NULL,
  amount_minor BIGINT NOT NULL,
  currency TEXT NOT NULL,
  PRIMARY KEY (transaction_id, number),
  CHECK (amount_minor <> 0),
  FOREIGN KEY(transaction_id) REFERENCES ledger_transactions (id)
);
CREATE INDEX ledger_entries_account ON ledger_entries (account, transaction_id);
CREATE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the books are append-only: correct with a new entry' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER ledger_transactions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transactions
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();
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

DOWN = """
DROP TABLE ledger_entries;
DROP TABLE ledger_transactions;
DROP TABLE ledger_accounts;
DROP FUNCTION ledger_append_only;
DROP FUNCTION ledger_must_balance;
DROP FUNCTION ledger_keep_balance;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
