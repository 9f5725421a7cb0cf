"""Coupons, points and where they were used."""

from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE loyalty_coupons (
  id TEXT NOT NULL,
  code TEXT NOT NULL,
  title JSONB NOT NULL,
  kind TEXT NOT NULL,
  percent_bps INTEGER NOT NULL,
  amount_minor BIGINT NOT NULL,
  off_max_minor BIGINT,
  minimum_minor BIGINT NOT NULL,
  field_id TEXT,
  consultant_id TEXT,
  first_booking BOOLEAN NOT NULL,
  listed BOOLEAN NOT NULL,
  valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
  valid_until TIMESTAMP WITH TIME ZONE NOT NULL,
  per_person_max INTEGER NOT NULL,
  uses_max INTEGER,
  budget_minor BIGINT,
  used INTEGER NOT NULL,
  spent_minor BIGINT NOT NULL,
  paused BOOLEAN NOT NULL,
  created_by TEXT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT loyalty_coupons_uses CHECK (used >= 0 AND (uses_max IS NULL OR used <= uses_max)),
  CONSTRAINT loyalty_coupons_budget CHECK (spent_minor >= 0 AND (budget_minor IS NULL OR spent_minor <= budget_minor)),
  CONSTRAINT loyalty_coupons_valid CHECK (valid_until > valid_from),
  UNIQUE (code)
);
CREATE TABLE loyalty_coupon_uses (
  booking_id TEXT NOT NULL,
  coupon_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  off_minor BIGINT NOT NULL,
  returned_minor BIGINT NOT NULL,
  counts BOOLEAN NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (booking_id)
);
CREATE INDEX loyalty_coupon_uses_person ON loyalty_coupon_uses (coupon_id, person_id);
CREATE TABLE loyalty_lots (
  id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  points BIGINT NOT NULL,
  left_points BIGINT NOT NULL,
  paid_minor BIGINT NOT NULL,
  taken_back BIGINT NOT NULL,
  earned_at TIMESTAMP WITH TIME ZONE NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT loyalty_lots_left CHECK (left_points BETWEEN 0 AND points)
);
CREATE INDEX loyalty_lots_due ON loyalty_lots (expires_at) WHERE left_points > 0;
CREATE INDEX loyalty_lots_person ON loyalty_lots (person_id, expires_at);
CREATE TABLE loyalty_spends (
  booking_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  points BIGINT NOT NULL,
  returned_points BIGINT NOT NULL,
  lots JSONB NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (booking_id),
  CONSTRAINT loyalty_spends_returned CHECK (returned_points BETWEEN 0 AND points)
);
CREATE INDEX ix_loyalty_spends_person_id ON loyalty_spends (person_id);
ALTER TABLE ledger_accounts ADD CONSTRAINT ledger_points_never_negative
  CHECK (account NOT LIKE 'points:%' OR balance_minor >= 0);
"""

DOWN = """
ALTER TABLE ledger_accounts DROP CONSTRAINT ledger_points_never_negative;
DROP TABLE loyalty_spends;
DROP TABLE loyalty_lots;
DROP TABLE loyalty_coupon_uses;
DROP TABLE loyalty_coupons;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
