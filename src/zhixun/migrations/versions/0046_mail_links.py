"""Links by mail, addresses that are to be confirmed, and the browsers someone has signed in with."""

from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

UP = """
ALTER TABLE accounts_users ADD COLUMN unconfirmed_since TIMESTAMP WITH TIME ZONE;
CREATE TABLE accounts_mail_links (
  id TEXT NOT NULL,
  token_hash TEXT NOT NULL,
  user_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  address BYTEA NOT NULL,
  address_index TEXT NOT NULL,
  made_at TIMESTAMP WITH TIME ZONE NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  CHECK (kind IN ('password', 'confirm', 'change')),
  UNIQUE (token_hash)
);
CREATE INDEX ix_accounts_mail_links_user_id ON accounts_mail_links (user_id);
CREATE TABLE accounts_devices (
  user_id TEXT NOT NULL,
  token_hash TEXT NOT NULL,
  made_at TIMESTAMP WITH TIME ZONE NOT NULL,
  seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (user_id, token_hash)
);
"""

DOWN = """
DROP TABLE accounts_devices;
DROP TABLE accounts_mail_links;
ALTER TABLE accounts_users DROP COLUMN unconfirmed_since;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
