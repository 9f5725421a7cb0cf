"""What was learnt of what people choose, and who is suggested to whom."""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE recommend_models (
  id TEXT NOT NULL,
  made_at TIMESTAMP WITH TIME ZONE NOT NULL,
  trainer TEXT NOT NULL,
  live BOOLEAN NOT NULL,
  trained_until TIMESTAMP WITH TIME ZONE NOT NULL,
  weights JSONB NOT NULL,
  figures JSONB NOT NULL,
  PRIMARY KEY (id)
);
CREATE UNIQUE INDEX recommend_models_live ON recommend_models (live) WHERE live;
CREATE TABLE recommend_suggested (
  user_id TEXT NOT NULL,
  items JSONB NOT NULL,
  made_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (user_id)
);
"""

DOWN = """
DROP TABLE recommend_suggested;
DROP TABLE recommend_models;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
