"""The tables of payments."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE payments_payments (
  id TEXT NOT NULL,
  payer_id TEXT NOT NULL,
  purpose TEXT NOT NULL,
  amount_minor BIGINT NOT NULL,
  currency TEXT NOT NULL,
  gateway TEXT NOT NULL,
  state TEXT NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  captured_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (id),
  CHECK (amount_minor >= 0)
);
CREATE INDEX ix_payments_payments_payer_id ON payments_payments (payer_id);
CREATE INDEX ix_payments_payments_purpose ON payments_payments (purpose);
CREATE TABLE payments_provider_events (
  gateway TEXT NOT NULL,
  provider_ref TEXT NOT NULL,
  payment_id TEXT NOT NULL,
  outcome TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (gateway, provider_ref)
);
CREATE INDEX ix_payments_provider_events_payment_id ON payments_provider_events (payment_id);
CREATE TABLE payments_charges (
  id TEXT NOT NULL,
  payment_id TEXT NOT NULL,
  gateway TEXT NOT NULL,
  provider_ref TEXT NOT NULL,
  amount_minor BIGINT NOT NULL,
  currency TEXT NOT NULL,
  settlement TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (gateway, provider_ref),
  FOREIGN KEY(payment_id) REFERENCES payments_payments (id)
);
CREATE INDEX ix_payments_charges_payment_id ON payments_charges (payment_id);
CREATE TABLE payments_refunds (
  id TEXT NOT NULL,
  payment_id TEXT NOT NULL,
  charge_id TEXT NOT NULL,
  purpose TEXT NOT NULL,
  amount_minor BIGINT NOT NULL,
  currency TEXT NOT NULL,
  reason TEXT NOT NULL,
  state TEXT NOT NULL,
  provider_ref TEXT,
  requested_at TIMESTAMP WITH TIME ZONE NOT NULL,
  completed_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (id),
  CHECK (amount_minor > 0),
  FOREIGN KEY(payment_id) REFERENCES payments_payments (id),
  FOREIGN KEY(charge_id) REFERENCES payments_charges (id)
);
CREATE INDEX ix_payments_refunds_payment_id ON payments_refunds (payment_id);
CREATE INDEX ix_payments_refunds_purpose ON payments_refunds (purpose);
"""

DOWN = """
DROP TABLE payments_refunds;
DROP TABLE payments_charges;
DROP TABLE payments_provider_events;
DROP TABLE payments_payments;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
