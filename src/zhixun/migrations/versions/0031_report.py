"""The written summary and its question, appeals, and what the nightly regression learned."""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

UP = """
ALTER TABLE quality_feedback ADD COLUMN set_aside_at TIMESTAMP WITH TIME ZONE;
CREATE TABLE quality_summaries (
  booking_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  consultant_id TEXT NOT NULL,
  text BYTEA NOT NULL,
  written_at TIMESTAMP WITH TIME ZONE NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (booking_id)
);
CREATE INDEX ix_quality_summaries_client_id ON quality_summaries (client_id);
CREATE INDEX quality_summaries_consultant ON quality_summaries (consultant_id, written_at);
CREATE TABLE quality_follow_ups (
  booking_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  consultant_id TEXT NOT NULL,
  question BYTEA NOT NULL,
  asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
  due_at TIMESTAMP WITH TIME ZONE NOT NULL,
  answer BYTEA NOT NULL,
  answered_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (booking_id),
  CHECK ((answer = '') = (answered_at IS NULL))
);
CREATE INDEX ix_quality_follow_ups_client_id ON quality_follow_ups (client_id);
CREATE INDEX ix_quality_follow_ups_consultant_id ON quality_follow_ups (consultant_id);
CREATE TABLE quality_appeals (
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  consultant_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  filed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  due_at TIMESTAMP WITH TIME ZONE NOT NULL,
  decided_at TIMESTAMP WITH TIME ZONE,
  decided_by TEXT,
  upheld BOOLEAN,
  answer TEXT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (kind, subject_id),
  CHECK (kind IN ('feedback', 'expert')),
  CHECK ((decided_at IS NULL) = (upheld IS NULL))
);
CREATE INDEX quality_appeals_open ON quality_appeals (due_at) WHERE decided_at IS NULL;
CREATE INDEX quality_appeals_consultant ON quality_appeals (consultant_id, filed_at);
CREATE TABLE quality_models (
  id TEXT NOT NULL,
  trained_at TIMESTAMP WITH TIME ZONE NOT NULL,
  sessions INTEGER NOT NULL,
  mae DOUBLE PRECISION NOT NULL,
  rmse DOUBLE PRECISION NOT NULL,
  r2 DOUBLE PRECISION NOT NULL,
  mean_mae DOUBLE PRECISION NOT NULL,
  mean_r2 DOUBLE PRECISION NOT NULL,
  used BOOLEAN NOT NULL,
  weights JSONB NOT NULL,
  PRIMARY KEY (id)
);
CREATE TABLE quality_predictions (
  booking_id TEXT NOT NULL,
  consultant_id TEXT NOT NULL,
  model_id TEXT NOT NULL,
  score DOUBLE PRECISION NOT NULL,
  held_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (booking_id),
  CHECK (score BETWEEN 1 AND 5)
);
CREATE INDEX quality_predictions_consultant ON quality_predictions (consultant_id);
"""

DOWN = """
DROP TABLE quality_predictions;
DROP TABLE quality_models;
DROP TABLE quality_appeals;
DROP TABLE quality_follow_ups;
DROP TABLE quality_summaries;
ALTER TABLE quality_feedback DROP COLUMN set_aside_at;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
