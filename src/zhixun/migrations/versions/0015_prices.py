"""Price rules, the lines of a booking's price, and the topics on which nothing is ever added."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE plans_price_rules (
  owner_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  value TEXT NOT NULL,
  factor_bps INTEGER NOT NULL,
  PRIMARY KEY (owner_id, kind, value),
  CHECK (kind IN ('seniority', 'evening', 'weekend', 'urgent', 'floor', 'cap')),
  CHECK (factor_bps BETWEEN 5000 AND 20000)
);
ALTER TABLE booking_bookings ADD COLUMN lines JSONB DEFAULT '[]' NOT NULL;
ALTER TABLE catalog_topics ADD COLUMN crisis BOOLEAN DEFAULT false NOT NULL;
"""

DOWN = """
ALTER TABLE catalog_topics DROP COLUMN crisis;
ALTER TABLE booking_bookings DROP COLUMN lines;
DROP TABLE plans_price_rules;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
