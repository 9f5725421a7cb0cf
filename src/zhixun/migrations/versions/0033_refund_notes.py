"""A refund says who asked for it, and why."""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

UP = """
ALTER TABLE payments_refunds ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE payments_refunds ADD COLUMN asked_by TEXT NOT NULL DEFAULT 'system';
"""

DOWN = """
ALTER TABLE payments_refunds DROP COLUMN asked_by;
ALTER TABLE payments_refunds DROP COLUMN note;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
