"""What a refund is for: the session of a series it gives back, as the books have it, and not the series."""

from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "UPDATE payments_refunds AS refund SET purpose = booked.purpose FROM ledger_transactions AS booked "
        "WHERE booked.key = 'refund:' || refund.id AND refund.purpose <> booked.purpose"
    )


def downgrade() -> None:
    op.execute(
        "UPDATE payments_refunds AS refund SET purpose = payment.purpose FROM payments_payments AS payment "
        "WHERE payment.id = refund.payment_id AND payment.purpose LIKE 'series:%'"
    )
