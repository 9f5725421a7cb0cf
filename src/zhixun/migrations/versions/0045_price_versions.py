"""Price rules by versions: what was in force stays on record, another factor is another version from a moment on."""

from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

UP = """
ALTER TABLE plans_price_rules
  ADD COLUMN from_at TIMESTAMP WITH TIME ZONE,
  ADD COLUMN until_at TIMESTAMP WITH TIME ZONE;
UPDATE plans_price_rules SET from_at = '2020-01-01T00:00:00Z';
ALTER TABLE plans_price_rules
  ALTER COLUMN from_at SET NOT NULL,
  DROP CONSTRAINT plans_price_rules_pkey,
  ADD PRIMARY KEY (owner_id, kind, value, from_at),
  ADD CHECK (until_at > from_at);
CREATE UNIQUE INDEX plans_price_rules_one_standing ON plans_price_rules (owner_id, kind, value) WHERE until_at IS NULL;
"""

DOWN = """
DELETE FROM plans_price_rules WHERE until_at IS NOT NULL OR from_at > now();
DROP INDEX plans_price_rules_one_standing;
ALTER TABLE plans_price_rules
  DROP CONSTRAINT plans_price_rules_pkey,
  DROP COLUMN until_at,
  DROP COLUMN from_at,
  ADD PRIMARY KEY (owner_id, kind, value);
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
