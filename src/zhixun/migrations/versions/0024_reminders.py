"""Reminders, what people want to be told, and mails that wait for the morning."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

UP = """
ALTER TABLE notifications_notices ADD COLUMN shown BOOLEAN NOT NULL DEFAULT true;
ALTER TABLE notifications_notices ALTER COLUMN shown DROP DEFAULT;
ALTER TABLE notifications_notices ADD COLUMN mail_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE notifications_notices ADD COLUMN bundle_id TEXT;
UPDATE notifications_notices SET mail_at = at;
CREATE INDEX ix_notifications_notices_bundle_id ON notifications_notices (bundle_id);
CREATE INDEX notifications_notices_held ON notifications_notices (mail_at)
  WHERE mailed_at IS NULL AND mail_at > at AND bundle_id IS NULL;
CREATE TABLE notifications_preferences (
  user_id TEXT NOT NULL,
  off TEXT[] NOT NULL,
  quiet_from TEXT NOT NULL,
  quiet_until TEXT NOT NULL,
  digest BOOLEAN NOT NULL,
  PRIMARY KEY (user_id),
  CHECK ((quiet_from = '') = (quiet_until = '')),
  CHECK (quiet_from = '' OR quiet_from <> quiet_until)
);
CREATE TABLE notifications_reminders (
  booking_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (booking_id, kind, starts_at)
);
"""

DOWN = """
DROP TABLE notifications_reminders;
DROP TABLE notifications_preferences;
DROP INDEX notifications_notices_held;
DROP INDEX ix_notifications_notices_bundle_id;
ALTER TABLE notifications_notices DROP COLUMN bundle_id;
ALTER TABLE notifications_notices DROP COLUMN mail_at;
ALTER TABLE notifications_notices DROP COLUMN shown;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
