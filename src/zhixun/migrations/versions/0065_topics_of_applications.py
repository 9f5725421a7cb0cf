"""The topics an applicant wants to be found by."""

from alembic import op

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE credentials_applications ADD COLUMN topic_ids TEXT[] DEFAULT '{}' NOT NULL")


def downgrade() -> None:
    op.execute("ALTER TABLE credentials_applications DROP COLUMN topic_ids")
