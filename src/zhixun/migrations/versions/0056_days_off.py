"""Days a consultant cannot work: what stands there is called off one by one."""

from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE booking_days_off (
  id TEXT NOT NULL,
  consultant_id TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  until TIMESTAMP WITH TIME ZONE NOT NULL,
  done_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (id),
  CHECK (until > at)
);
CREATE INDEX ix_booking_days_off_consultant_id ON booking_days_off (consultant_id);
CREATE INDEX booking_days_off_open ON booking_days_off (at) WHERE done_at IS NULL;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute("DROP TABLE booking_days_off")
