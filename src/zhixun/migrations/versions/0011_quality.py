"""The tables of quality."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE quality_feedback (
  id TEXT NOT NULL,
  booking_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  consultant_id TEXT NOT NULL,
  accuracy SMALLINT NOT NULL,
  clarity SMALLINT NOT NULL,
  actionable SMALLINT NOT NULL,
  boundaries SMALLINT NOT NULL,
  punctual SMALLINT NOT NULL,
  nps SMALLINT NOT NULL,
  solved TEXT NOT NULL,
  words TEXT NOT NULL,
  public BOOLEAN NOT NULL,
  service_title JSONB NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  CHECK (least(accuracy, clarity, actionable, boundaries, punctual) >= 1),
  CHECK (greatest(accuracy, clarity, actionable, boundaries, punctual) <= 5),
  CHECK (nps BETWEEN 0 AND 10),
  UNIQUE (booking_id)
);
CREATE INDEX ix_quality_feedback_client_id ON quality_feedback (client_id);
CREATE INDEX quality_feedback_consultant ON quality_feedback (consultant_id, at);
"""

DOWN = """
DROP TABLE quality_feedback;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
