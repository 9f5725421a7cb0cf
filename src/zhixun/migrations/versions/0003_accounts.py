"""The tables of accounts."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE accounts_failed_tries (
  id TEXT NOT NULL,
  email TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id)
);
CREATE INDEX accounts_failed_tries_email_at ON accounts_failed_tries (email, at);
CREATE TABLE accounts_sign_ins (
  token_hash TEXT NOT NULL,
  user_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  user_agent TEXT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (token_hash)
);
CREATE INDEX ix_accounts_sign_ins_user_id ON accounts_sign_ins (user_id);
CREATE TABLE accounts_users (
  id TEXT NOT NULL,
  email TEXT NOT NULL,
  name TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  roles TEXT[] NOT NULL,
  zone TEXT NOT NULL,
  language TEXT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (email)
);
"""

DOWN = """
DROP TABLE accounts_users;
DROP TABLE accounts_sign_ins;
DROP TABLE accounts_failed_tries;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
