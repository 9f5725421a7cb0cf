"""The tables of assistant: knowledge articles, conversations, hand-overs."""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE assistant_articles (
  id TEXT NOT NULL,
  language TEXT NOT NULL,
  kind TEXT NOT NULL,
  field_id TEXT NOT NULL,
  topic_ids TEXT[] NOT NULL,
  title TEXT NOT NULL,
  body TEXT NOT NULL,
  state TEXT NOT NULL,
  revision INTEGER NOT NULL,
  shipped TEXT NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  published_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (id),
  CHECK (language IN ('zh', 'en')),
  CHECK (state IN ('draft', 'published', 'withdrawn')),
  CHECK (revision > 0)
);
CREATE INDEX ix_assistant_articles_state ON assistant_articles (state);
CREATE TABLE assistant_revisions (
  article_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  deed TEXT NOT NULL,
  title TEXT NOT NULL,
  body TEXT NOT NULL,
  state TEXT NOT NULL,
  by TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (article_id, number)
);
CREATE TABLE assistant_talks (
  id TEXT NOT NULL,
  owner_id TEXT NOT NULL,
  turns INTEGER NOT NULL,
  began_at TIMESTAMP WITH TIME ZONE NOT NULL,
  last_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id)
);
CREATE INDEX assistant_talks_owner ON assistant_talks (owner_id, last_at);
CREATE TABLE assistant_turns (
  id TEXT NOT NULL,
  talk_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  kind TEXT NOT NULL,
  text TEXT NOT NULL,
  citations JSONB NOT NULL,
  confidence DOUBLE PRECISION NOT NULL,
  consultant_ids TEXT[] NOT NULL,
  by TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (talk_id, seq),
  CHECK (kind IN ('question', 'answer', 'unknown', 'crisis', 'person', 'note')),
  CHECK (confidence BETWEEN 0 AND 1)
);
CREATE TABLE assistant_hand_overs (
  id TEXT NOT NULL,
  talk_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  note TEXT NOT NULL,
  summary JSONB NOT NULL,
  state TEXT NOT NULL,
  asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ended_at TIMESTAMP WITH TIME ZONE,
  answered_by TEXT NOT NULL,
  PRIMARY KEY (id),
  CHECK (state IN ('waiting', 'answered', 'lapsed')),
  CHECK ((state = 'waiting') = (ended_at IS NULL))
);
CREATE UNIQUE INDEX assistant_hand_overs_open ON assistant_hand_overs (talk_id) WHERE state = 'waiting';
CREATE INDEX assistant_hand_overs_queue ON assistant_hand_overs (state, asked_at);
"""

DOWN = """
DROP TABLE assistant_hand_overs;
DROP TABLE assistant_turns;
DROP TABLE assistant_talks;
DROP TABLE assistant_revisions;
DROP TABLE assistant_articles;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
