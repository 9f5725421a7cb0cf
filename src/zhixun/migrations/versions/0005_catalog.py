"""The tables of catalog."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE catalog_consultants (
  id TEXT NOT NULL,
  slug TEXT NOT NULL,
  name JSONB NOT NULL,
  title JSONB NOT NULL,
  line JSONB NOT NULL,
  about JSONB NOT NULL,
  city JSONB NOT NULL,
  field_id TEXT NOT NULL,
  topic_ids TEXT[] NOT NULL,
  languages TEXT[] NOT NULL,
  years INTEGER NOT NULL,
  seniority TEXT NOT NULL,
  gender TEXT NOT NULL,
  portrait TEXT NOT NULL,
  good_for JSONB NOT NULL,
  not_for JSONB NOT NULL,
  commission_bps INTEGER NOT NULL,
  listed BOOLEAN NOT NULL,
  listed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  CHECK (commission_bps BETWEEN 0 AND 10000),
  UNIQUE (slug)
);
CREATE INDEX ix_catalog_consultants_field_id ON catalog_consultants (field_id);
CREATE TABLE catalog_credentials (
  id TEXT NOT NULL,
  consultant_id TEXT NOT NULL,
  name JSONB NOT NULL,
  how JSONB NOT NULL,
  number TEXT NOT NULL,
  checked_on DATE NOT NULL,
  expires_on DATE,
  PRIMARY KEY (id)
);
CREATE INDEX ix_catalog_credentials_consultant_id ON catalog_credentials (consultant_id);
CREATE TABLE catalog_fields (
  id TEXT NOT NULL,
  position INTEGER NOT NULL,
  name JSONB NOT NULL,
  summary JSONB NOT NULL,
  glyph TEXT NOT NULL,
  disclaimer JSONB NOT NULL,
  crisis_words TEXT[] NOT NULL,
  crisis_help JSONB NOT NULL,
  intake JSONB NOT NULL,
  rubric JSONB NOT NULL,
  credentials_required JSONB NOT NULL,
  PRIMARY KEY (id)
);
CREATE TABLE catalog_services (
  id TEXT NOT NULL,
  consultant_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  channel TEXT NOT NULL,
  minutes INTEGER NOT NULL,
  price_minor INTEGER NOT NULL,
  currency TEXT NOT NULL,
  title JSONB NOT NULL,
  note JSONB NOT NULL,
  included JSONB NOT NULL,
  buffer_before_minutes INTEGER NOT NULL,
  buffer_after_minutes INTEGER NOT NULL,
  interval_minutes INTEGER NOT NULL,
  notice_minutes INTEGER NOT NULL,
  horizon_days INTEGER NOT NULL,
  active BOOLEAN NOT NULL,
  PRIMARY KEY (id),
  CHECK (price_minor >= 0),
  CHECK (minutes BETWEEN 10 AND 240)
);
CREATE INDEX ix_catalog_services_consultant_id ON catalog_services (consultant_id);
CREATE TABLE catalog_topics (
  id TEXT NOT NULL,
  field_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  name JSONB NOT NULL,
  synonyms TEXT[] NOT NULL,
  PRIMARY KEY (id)
);
CREATE INDEX ix_catalog_topics_field_id ON catalog_topics (field_id);
"""

DOWN = """
DROP TABLE catalog_topics;
DROP TABLE catalog_services;
DROP TABLE catalog_fields;
DROP TABLE catalog_credentials;
DROP TABLE catalog_consultants;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
