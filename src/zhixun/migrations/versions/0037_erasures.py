"""The reports of erasures."""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE privacy_erasures (
  person_id TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  by TEXT NOT NULL,
  report JSONB NOT NULL,
  verified_at TIMESTAMP WITH TIME ZONE,
  leftovers TEXT[] NOT NULL,
  PRIMARY KEY (person_id)
);
"""

DOWN = """
DROP TABLE privacy_erasures;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
