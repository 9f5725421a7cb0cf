"""Sessions that experts read, and their reviews."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE quality_cases (
  id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  consultant_id TEXT NOT NULL,
  field_id TEXT NOT NULL,
  seats SMALLINT NOT NULL,
  opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
  due_at TIMESTAMP WITH TIME ZONE NOT NULL,
  closed_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (id),
  UNIQUE (id, client_id, consultant_id),
  CHECK (seats BETWEEN 2 AND 3),
  CHECK (due_at > opened_at)
);
CREATE INDEX quality_cases_open ON quality_cases (due_at) WHERE closed_at IS NULL;
CREATE INDEX quality_cases_consultant ON quality_cases (consultant_id, opened_at);
CREATE TABLE quality_expert_reviews (
  id TEXT NOT NULL,
  case_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  consultant_id TEXT NOT NULL,
  reviewer_id TEXT NOT NULL,
  seat SMALLINT NOT NULL,
  taken_at TIMESTAMP WITH TIME ZONE NOT NULL,
  due_at TIMESTAMP WITH TIME ZONE NOT NULL,
  given_at TIMESTAMP WITH TIME ZONE,
  marks JSONB NOT NULL,
  score DOUBLE PRECISION,
  good TEXT NOT NULL,
  learn TEXT NOT NULL,
  set_aside_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (id),
  FOREIGN KEY(case_id, client_id, consultant_id) REFERENCES quality_cases (id, client_id, consultant_id),
  UNIQUE (case_id, reviewer_id),
  UNIQUE (case_id, seat),
  CHECK (reviewer_id <> client_id AND reviewer_id <> consultant_id),
  CHECK (seat BETWEEN 1 AND 3),
  CHECK (score BETWEEN 1 AND 5),
  CHECK ((given_at IS NULL) = (score IS NULL))
);
CREATE INDEX quality_expert_reviews_reviewer ON quality_expert_reviews (reviewer_id, given_at);
CREATE INDEX quality_expert_reviews_consultant ON quality_expert_reviews (consultant_id, given_at);
"""

DOWN = """
DROP TABLE quality_expert_reviews;
DROP TABLE quality_cases;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
