"""Profiles, what people say of them, and what was learnt of all together."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE profiles_profiles (
  user_id TEXT NOT NULL,
  vector JSONB NOT NULL,
  sources JSONB NOT NULL,
  segment TEXT NOT NULL,
  last_at TIMESTAMP WITH TIME ZONE,
  sessions_count INTEGER NOT NULL,
  value_minor BIGINT NOT NULL,
  price_minor BIGINT NOT NULL,
  channel TEXT NOT NULL,
  hours TEXT NOT NULL,
  language TEXT NOT NULL,
  built_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (user_id)
);
CREATE TABLE profiles_corrections (
  user_id TEXT NOT NULL,
  label TEXT NOT NULL,
  verdict TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (user_id, label),
  CHECK (verdict IN ('wrong', 'wanted'))
);
CREATE TABLE profiles_models (
  id TEXT NOT NULL,
  built_at TIMESTAMP WITH TIME ZONE NOT NULL,
  people_count INTEGER NOT NULL,
  idf JSONB NOT NULL,
  segments JSONB NOT NULL,
  silhouette FLOAT NOT NULL,
  stability FLOAT NOT NULL,
  PRIMARY KEY (id)
);
CREATE TABLE profiles_segment_names (
  key TEXT NOT NULL,
  name JSONB NOT NULL,
  size INTEGER NOT NULL,
  PRIMARY KEY (key)
);
"""

DOWN = """
DROP TABLE profiles_segment_names;
DROP TABLE profiles_models;
DROP TABLE profiles_corrections;
DROP TABLE profiles_profiles;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
