"""Sessions can be moved: the start first agreed is kept, for what a cancellation gives back counts from it."""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

UP = """
ALTER TABLE booking_bookings ADD COLUMN first_starts_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE booking_bookings ADD COLUMN moves INTEGER NOT NULL DEFAULT 0;
ALTER TABLE booking_bookings ADD COLUMN moves_by_client INTEGER NOT NULL DEFAULT 0;
ALTER TABLE booking_bookings ADD COLUMN free_until TIMESTAMP WITH TIME ZONE;
UPDATE booking_bookings SET first_starts_at = starts_at;
ALTER TABLE booking_bookings ALTER COLUMN first_starts_at SET NOT NULL;
ALTER TABLE booking_bookings ALTER COLUMN moves DROP DEFAULT;
ALTER TABLE booking_bookings ALTER COLUMN moves_by_client DROP DEFAULT;
ALTER TABLE booking_bookings ADD CHECK (moves >= moves_by_client AND moves_by_client >= 0);
ALTER TABLE booking_bookings ADD CHECK (free_until <= starts_at);
ALTER TABLE booking_steps ADD COLUMN starts_at TIMESTAMP WITH TIME ZONE;
"""

DOWN = """
ALTER TABLE booking_steps DROP COLUMN starts_at;
ALTER TABLE booking_bookings DROP COLUMN free_until;
ALTER TABLE booking_bookings DROP COLUMN moves_by_client;
ALTER TABLE booking_bookings DROP COLUMN moves;
ALTER TABLE booking_bookings DROP COLUMN first_starts_at;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
