"""Series of bookings that are held and paid together, and what one payment pays of each."""

from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE booking_series (
  id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  consultant_id TEXT NOT NULL,
  service_id TEXT NOT NULL,
  payment_id TEXT NOT NULL,
  starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
  weeks_apart INTEGER NOT NULL,
  sessions INTEGER NOT NULL,
  zone TEXT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  CHECK (sessions BETWEEN 2 AND 12),
  CHECK (weeks_apart IN (1, 2))
);
CREATE INDEX ix_booking_series_client_id ON booking_series (client_id);
ALTER TABLE booking_bookings ADD COLUMN series_id TEXT;
CREATE INDEX booking_bookings_series ON booking_bookings (series_id, starts_at) WHERE series_id IS NOT NULL;
CREATE TABLE payments_parts (
  purpose TEXT NOT NULL,
  payment_id TEXT NOT NULL,
  amount_minor BIGINT NOT NULL,
  PRIMARY KEY (purpose),
  CHECK (amount_minor >= 0),
  FOREIGN KEY (payment_id) REFERENCES payments_payments (id)
);
CREATE INDEX ix_payments_parts_payment_id ON payments_parts (payment_id);
"""

DOWN = """
DROP TABLE payments_parts;
DROP INDEX booking_bookings_series;
ALTER TABLE booking_bookings DROP COLUMN series_id;
DROP TABLE booking_series;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
