"""Packages and memberships: what is on sale, what was ordered and bought, and what pays for a booking beside its client."""

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE plans_packages (
  id TEXT NOT NULL,
  consultant_id TEXT NOT NULL,
  service_id TEXT,
  title JSONB NOT NULL,
  unit TEXT NOT NULL,
  quantity INTEGER NOT NULL,
  price_minor BIGINT NOT NULL,
  currency TEXT NOT NULL,
  valid_days INTEGER NOT NULL,
  active BOOLEAN NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  CHECK (quantity > 0),
  CHECK (price_minor > 0),
  CHECK ((unit = 'session') = (service_id IS NOT NULL))
);
CREATE INDEX ix_plans_packages_consultant_id ON plans_packages (consultant_id);
CREATE TABLE plans_memberships (
  id TEXT NOT NULL,
  title JSONB NOT NULL,
  note JSONB NOT NULL,
  price_minor BIGINT NOT NULL,
  currency TEXT NOT NULL,
  included INTEGER NOT NULL,
  included_max_minor BIGINT NOT NULL,
  discount_bps INTEGER NOT NULL,
  active BOOLEAN NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  CHECK (price_minor > 0),
  CHECK (included >= 0),
  CHECK (discount_bps BETWEEN 0 AND 5000)
);
CREATE TABLE plans_orders (
  id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  product_id TEXT NOT NULL,
  holding_id TEXT NOT NULL,
  payment_id TEXT NOT NULL,
  amount_minor BIGINT NOT NULL,
  currency TEXT NOT NULL,
  state TEXT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  fulfilled_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (id),
  CHECK (amount_minor > 0),
  CHECK (state IN ('open', 'fulfilled', 'refused'))
);
CREATE INDEX ix_plans_orders_person_id ON plans_orders (person_id);
CREATE TABLE plans_holdings (
  id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  product_id TEXT NOT NULL,
  consultant_id TEXT,
  service_id TEXT,
  title JSONB NOT NULL,
  unit TEXT NOT NULL,
  quantity_units BIGINT NOT NULL,
  left_units BIGINT NOT NULL,
  price_minor BIGINT NOT NULL,
  list_minor BIGINT NOT NULL,
  currency TEXT NOT NULL,
  included_max_minor BIGINT NOT NULL,
  discount_bps INTEGER NOT NULL,
  bought_at TIMESTAMP WITH TIME ZONE NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  periods INTEGER NOT NULL,
  renews BOOLEAN NOT NULL,
  grace_until TIMESTAMP WITH TIME ZONE,
  next_try_at TIMESTAMP WITH TIME ZONE,
  state TEXT NOT NULL,
  ended_reason TEXT,
  order_id TEXT NOT NULL,
  PRIMARY KEY (id),
  CHECK (left_units BETWEEN 0 AND quantity_units),
  CHECK (state IN ('active', 'ended'))
);
CREATE INDEX plans_holdings_due ON plans_holdings (expires_at) WHERE state = 'active';
CREATE UNIQUE INDEX plans_holdings_one_membership ON plans_holdings (person_id) WHERE state = 'active' AND kind = 'membership';
CREATE INDEX plans_holdings_person ON plans_holdings (person_id, state);
CREATE TABLE plans_fundings (
  booking_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  holding_id TEXT,
  units BIGINT NOT NULL,
  parts JSONB NOT NULL,
  currency TEXT NOT NULL,
  returned_minor BIGINT NOT NULL,
  returned_units BIGINT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  returned_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (booking_id),
  CHECK (returned_minor >= 0),
  CHECK (units >= returned_units)
);
CREATE INDEX ix_plans_fundings_holding_id ON plans_fundings (holding_id);
CREATE INDEX ix_plans_fundings_person_id ON plans_fundings (person_id);
ALTER TABLE ledger_accounts ADD CONSTRAINT ledger_credits_never_negative
  CHECK (account NOT LIKE 'credits:%' OR balance_minor >= 0);
"""

DOWN = """
ALTER TABLE ledger_accounts DROP CONSTRAINT ledger_credits_never_negative;
DROP TABLE plans_fundings;
DROP TABLE plans_holdings;
DROP TABLE plans_orders;
DROP TABLE plans_memberships;
DROP TABLE plans_packages;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
