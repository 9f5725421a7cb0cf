"""Group sessions: a consultant's time for several clients, its seats, and its conversation."""

from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE booking_groups (
  id TEXT NOT NULL,
  consultant_id TEXT NOT NULL,
  service_id TEXT NOT NULL,
  title JSONB NOT NULL,
  minutes INTEGER NOT NULL,
  starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
  seats INTEGER NOT NULL,
  seats_min INTEGER NOT NULL,
  decide_at TIMESTAMP WITH TIME ZONE NOT NULL,
  state TEXT NOT NULL,
  ended_reason TEXT,
  price_minor BIGINT NOT NULL,
  currency TEXT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  CHECK (seats BETWEEN 2 AND 30),
  CHECK (seats_min BETWEEN 1 AND seats),
  CHECK (decide_at < starts_at AND starts_at < ends_at),
  CHECK (state IN ('open', 'on', 'cancelled'))
);
CREATE INDEX booking_groups_consultant ON booking_groups (consultant_id, starts_at);
CREATE INDEX booking_groups_deciding ON booking_groups (decide_at) WHERE state = 'open';
CREATE TABLE booking_seats (
  group_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  booking_id TEXT,
  PRIMARY KEY (group_id, number),
  CHECK (number BETWEEN 1 AND 30),
  FOREIGN KEY (group_id) REFERENCES booking_groups (id) ON DELETE CASCADE,
  UNIQUE (booking_id)
);
ALTER TABLE booking_bookings ADD COLUMN group_id TEXT;
CREATE INDEX booking_bookings_group ON booking_bookings (group_id) WHERE group_id IS NOT NULL;
CREATE UNIQUE INDEX booking_bookings_one_seat ON booking_bookings (group_id, client_id)
  WHERE group_id IS NOT NULL AND state IN ('held', 'confirmed', 'in_progress');
ALTER TABLE messaging_conversations ADD COLUMN group_id TEXT;
"""

DOWN = """
DELETE FROM messaging_files WHERE conversation_id IN (SELECT id FROM messaging_conversations WHERE group_id IS NOT NULL);
DELETE FROM messaging_messages WHERE conversation_id IN (SELECT id FROM messaging_conversations WHERE group_id IS NOT NULL);
DELETE FROM messaging_conversations WHERE group_id IS NOT NULL;
ALTER TABLE messaging_conversations DROP COLUMN group_id;
DROP INDEX booking_bookings_one_seat;
DROP INDEX booking_bookings_group;
ALTER TABLE booking_bookings DROP COLUMN group_id;
DROP TABLE booking_seats;
DROP TABLE booking_groups;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
