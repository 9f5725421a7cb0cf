"""Answers to a field's questions before a session, sealed; and which fields were changed by this house."""

from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE booking_intake (
  booking_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  answers BYTEA NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (booking_id)
);
CREATE INDEX ix_booking_intake_client_id ON booking_intake (client_id);
ALTER TABLE catalog_fields ADD COLUMN edited_at TIMESTAMP WITH TIME ZONE;
"""

DOWN = """
ALTER TABLE catalog_fields DROP COLUMN edited_at;
DROP TABLE booking_intake;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
