"""Waiting for a seat in a group session."""

from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE waitlist_seats (
            id TEXT PRIMARY KEY,
            client_id TEXT NOT NULL,
            consultant_id TEXT NOT NULL,
            group_id TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('waiting', 'offered', 'taken', 'left', 'ended')),
            zone TEXT NOT NULL,
            joined_at TIMESTAMPTZ NOT NULL,
            ends_at TIMESTAMPTZ NOT NULL,
            expires_at TIMESTAMPTZ,
            CHECK (state NOT IN ('offered', 'taken') OR expires_at IS NOT NULL)
        );
        CREATE UNIQUE INDEX waitlist_seats_once ON waitlist_seats (client_id, group_id)
            WHERE state IN ('waiting', 'offered');
        CREATE INDEX waitlist_seats_line ON waitlist_seats (consultant_id, joined_at)
            WHERE state IN ('waiting', 'offered');
    """)


def downgrade() -> None:
    op.execute("DROP TABLE waitlist_seats")
