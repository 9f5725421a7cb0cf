"""What a client is given besides, where the consultant calls a session off or does not come."""

from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE booking_bookings ADD COLUMN courtesy_points INTEGER DEFAULT '0' NOT NULL, "
        "ADD CHECK (courtesy_points >= 0)"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE booking_bookings DROP COLUMN courtesy_points")
