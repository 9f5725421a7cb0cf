"""Notes, tags, complaints with a clock, and whether a session helped."""

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE crm_notes (
  id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  owner TEXT NOT NULL,
  author_id TEXT NOT NULL,
  text BYTEA NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id)
);
CREATE INDEX crm_notes_client ON crm_notes (client_id, owner, at);
CREATE TABLE crm_tags (
  client_id TEXT NOT NULL,
  tag TEXT NOT NULL,
  by TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (client_id, tag)
);
CREATE TABLE crm_matters (
  id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  booking_id TEXT,
  text BYTEA NOT NULL,
  filed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  due_at TIMESTAMP WITH TIME ZONE NOT NULL,
  state TEXT NOT NULL,
  owner_id TEXT,
  answer BYTEA NOT NULL,
  answered_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (id),
  CHECK (kind IN ('complaint', 'suggestion')),
  CHECK ((state = 'answered') = (answered_at IS NOT NULL)),
  CHECK (state = 'new' OR owner_id IS NOT NULL)
);
CREATE INDEX crm_matters_open ON crm_matters (due_at) WHERE answered_at IS NULL;
CREATE INDEX crm_matters_person ON crm_matters (person_id, filed_at);
CREATE TABLE crm_checks (
  booking_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  consultant_id TEXT NOT NULL,
  asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
  helped TEXT,
  answered_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (booking_id),
  CHECK (helped IN ('yes', 'partly', 'no')),
  CHECK ((helped IS NULL) = (answered_at IS NULL))
);
CREATE INDEX ix_crm_checks_client_id ON crm_checks (client_id);
CREATE INDEX ix_crm_checks_consultant_id ON crm_checks (consultant_id);
"""

DOWN = """
DROP TABLE crm_checks;
DROP TABLE crm_matters;
DROP TABLE crm_tags;
DROP TABLE crm_notes;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
