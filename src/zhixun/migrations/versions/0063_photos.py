"""A consultant's own photo, in place of the drawn portrait."""

from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE catalog_consultants ADD COLUMN photo TEXT DEFAULT '' NOT NULL")
    op.execute("CREATE UNIQUE INDEX catalog_consultants_photo ON catalog_consultants (photo) WHERE photo <> ''")


def downgrade() -> None:
    op.execute("DROP INDEX catalog_consultants_photo")
    op.execute("ALTER TABLE catalog_consultants DROP COLUMN photo")
