"""When the owner of a credential was told that it runs out."""

from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE credentials_claims ADD COLUMN expiry_told_at TIMESTAMP WITH TIME ZONE")


def downgrade() -> None:
    op.execute("ALTER TABLE credentials_claims DROP COLUMN expiry_told_at")
