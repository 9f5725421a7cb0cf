"""Consultants whom people saved."""

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE profiles_saved (
  user_id TEXT NOT NULL,
  consultant_id TEXT NOT NULL,
  saved_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (user_id, consultant_id)
);
"""

DOWN = """
DROP TABLE profiles_saved;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
