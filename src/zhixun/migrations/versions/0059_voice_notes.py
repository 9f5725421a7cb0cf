"""How long a voice note in a conversation lasts."""

from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE messaging_files ADD COLUMN seconds INTEGER DEFAULT '0' NOT NULL, "
        "ADD CHECK (seconds BETWEEN 0 AND 60)"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE messaging_files DROP COLUMN seconds")
