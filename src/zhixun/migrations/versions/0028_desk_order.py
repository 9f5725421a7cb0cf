"""What the desk lists the newest of, found without looking at everything: bookings as made, the books by kind."""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

UP = """
CREATE INDEX booking_bookings_created ON booking_bookings (created_at);
CREATE INDEX ledger_transactions_kind_at ON ledger_transactions (kind, at);
"""

DOWN = """
DROP INDEX ledger_transactions_kind_at;
DROP INDEX booking_bookings_created;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
