"""The tables of credentials: what is handed in, who checked it, who applies."""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE credentials_claims (
  id TEXT NOT NULL,
  consultant_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  number BYTEA NOT NULL,
  number_shown TEXT NOT NULL,
  issuer TEXT NOT NULL,
  issued_on DATE NOT NULL,
  expires_on DATE,
  note BYTEA NOT NULL,
  state TEXT NOT NULL,
  submitted_at TIMESTAMP WITH TIME ZONE NOT NULL,
  decided_at TIMESTAMP WITH TIME ZONE,
  first_by TEXT NOT NULL,
  second_by TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (id),
  CHECK (state IN ('submitted', 'verified', 'refused', 'withdrawn', 'lapsed', 'expired')),
  CHECK (expires_on IS NULL OR expires_on >= issued_on),
  CHECK ((state = 'submitted') = (decided_at IS NULL)),
  CHECK (state NOT IN ('verified', 'expired') OR (first_by <> '' AND second_by <> '' AND first_by <> second_by)),
  CHECK (consultant_id NOT IN (first_by, second_by)),
  CHECK (state <> 'refused' OR reason <> '')
);
CREATE INDEX ix_credentials_claims_consultant_id ON credentials_claims (consultant_id);
CREATE INDEX credentials_claims_queue ON credentials_claims (state, submitted_at);
CREATE TABLE credentials_checks (
  claim_id TEXT NOT NULL,
  reviewer_id TEXT NOT NULL,
  consultant_id TEXT NOT NULL,
  agrees BOOLEAN NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (claim_id, reviewer_id),
  CHECK (reviewer_id <> consultant_id)
);
CREATE TABLE credentials_applications (
  id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  field_id TEXT NOT NULL,
  title TEXT NOT NULL,
  line TEXT NOT NULL,
  about TEXT NOT NULL,
  city TEXT NOT NULL,
  years INTEGER NOT NULL,
  price_minor BIGINT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  applied_at TIMESTAMP WITH TIME ZONE NOT NULL,
  decided_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (id),
  CHECK (state IN ('applied', 'accepted', 'refused', 'lapsed')),
  CHECK ((state = 'applied') = (decided_at IS NULL)),
  CHECK (state <> 'refused' OR reason <> '')
);
CREATE UNIQUE INDEX credentials_applications_open ON credentials_applications (person_id) WHERE state = 'applied';
"""

DOWN = """
DROP TABLE credentials_applications;
DROP TABLE credentials_checks;
DROP TABLE credentials_claims;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
