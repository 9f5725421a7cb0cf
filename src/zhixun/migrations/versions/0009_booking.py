"""The tables of booking."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE booking_bookings (
  id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  consultant_id TEXT NOT NULL,
  service_id TEXT NOT NULL,
  payment_id TEXT NOT NULL,
  state TEXT NOT NULL,
  channel TEXT NOT NULL,
  title JSONB NOT NULL,
  minutes INTEGER NOT NULL,
  starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
  hold_expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  price_minor BIGINT NOT NULL,
  currency TEXT NOT NULL,
  commission_bps INTEGER NOT NULL,
  policy JSONB NOT NULL,
  brief TEXT NOT NULL,
  sensitive BOOLEAN NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  client_joined_at TIMESTAMP WITH TIME ZONE,
  consultant_joined_at TIMESTAMP WITH TIME ZONE,
  began_at TIMESTAMP WITH TIME ZONE,
  completed_at TIMESTAMP WITH TIME ZONE,
  ended_reason TEXT,
  release_at TIMESTAMP WITH TIME ZONE,
  released_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (id),
  CHECK (ends_at > starts_at),
  CHECK (price_minor >= 0)
);
CREATE INDEX booking_bookings_client ON booking_bookings (client_id, starts_at);
CREATE INDEX booking_bookings_consultant ON booking_bookings (consultant_id, starts_at);
CREATE INDEX booking_bookings_release ON booking_bookings (release_at) WHERE released_at IS NULL;
CREATE INDEX booking_bookings_state_starts ON booking_bookings (state, starts_at);
CREATE INDEX ix_booking_bookings_payment_id ON booking_bookings (payment_id);
CREATE TABLE booking_steps (
  booking_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  state TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  by TEXT NOT NULL,
  PRIMARY KEY (booking_id, number)
);
"""

DOWN = """
DROP TABLE booking_steps;
DROP TABLE booking_bookings;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
