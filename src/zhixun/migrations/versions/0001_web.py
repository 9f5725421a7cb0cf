"""The tables of web."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

UP = """
CREATE UNLOGGED TABLE web_windows (
  name TEXT NOT NULL,
  began_at TIMESTAMP WITH TIME ZONE NOT NULL,
  tries INTEGER NOT NULL,
  PRIMARY KEY (name, began_at)
);
"""

DOWN = """
DROP TABLE web_windows;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
