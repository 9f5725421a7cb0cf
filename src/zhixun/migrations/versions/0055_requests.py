"""Bookings that wait for the consultant's yes: what a service asks, until when it may be answered, and the answer."""

from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

UP = """
ALTER TABLE catalog_services ADD COLUMN on_request BOOLEAN DEFAULT false NOT NULL;
ALTER TABLE catalog_services ADD CHECK (NOT on_request OR notice_minutes >= 180);
ALTER TABLE booking_bookings ADD COLUMN on_request BOOLEAN DEFAULT false NOT NULL;
ALTER TABLE booking_bookings ADD COLUMN answer_by TIMESTAMP WITH TIME ZONE;
ALTER TABLE booking_bookings ADD CHECK ((state <> 'requested') OR (on_request AND answer_by <= starts_at));
CREATE INDEX ix_booking_bookings_answer_by ON booking_bookings (answer_by);
CREATE TABLE booking_answers (
  booking_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  accepted BOOLEAN NOT NULL,
  reason BYTEA NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (booking_id)
);
CREATE INDEX ix_booking_answers_client_id ON booking_answers (client_id);
"""

DOWN = """
DROP TABLE booking_answers;
ALTER TABLE booking_bookings DROP COLUMN answer_by;
ALTER TABLE booking_bookings DROP COLUMN on_request;
ALTER TABLE catalog_services DROP COLUMN on_request;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
