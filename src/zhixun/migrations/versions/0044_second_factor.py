"""A second factor: authenticator apps, recovery codes, passkeys; and how lately someone has shown that it is them."""

from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

UP = """
ALTER TABLE accounts_sign_ins ADD COLUMN proved_until TIMESTAMP WITH TIME ZONE;
UPDATE accounts_sign_ins SET proved_until = CASE kind WHEN 'api' THEN expires_at ELSE created_at END;
ALTER TABLE accounts_sign_ins ALTER COLUMN proved_until SET NOT NULL;
ALTER TABLE accounts_sign_ins ADD COLUMN second_factor BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE accounts_sign_ins ALTER COLUMN second_factor DROP DEFAULT;
CREATE TABLE accounts_apps (
  user_id TEXT NOT NULL,
  secret BYTEA NOT NULL,
  last_step BIGINT NOT NULL,
  made_at TIMESTAMP WITH TIME ZONE NOT NULL,
  confirmed_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (user_id)
);
CREATE TABLE accounts_recovery_codes (
  user_id TEXT NOT NULL,
  code_hash TEXT NOT NULL,
  made_at TIMESTAMP WITH TIME ZONE NOT NULL,
  used_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (user_id, code_hash)
);
CREATE TABLE accounts_passkeys (
  id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  credential_id TEXT NOT NULL,
  public_key BYTEA NOT NULL,
  sign_count BIGINT NOT NULL,
  name TEXT NOT NULL,
  made_at TIMESTAMP WITH TIME ZONE NOT NULL,
  used_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (id),
  CHECK (sign_count >= 0),
  UNIQUE (credential_id)
);
CREATE INDEX ix_accounts_passkeys_user_id ON accounts_passkeys (user_id);
CREATE TABLE accounts_doors (
  token_hash TEXT NOT NULL,
  user_id TEXT NOT NULL,
  opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (token_hash)
);
CREATE INDEX ix_accounts_doors_user_id ON accounts_doors (user_id);
CREATE TABLE accounts_challenges (
  holder_hash TEXT NOT NULL,
  purpose TEXT NOT NULL,
  challenge BYTEA NOT NULL,
  made_at TIMESTAMP WITH TIME ZONE NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (holder_hash, purpose)
);
"""

DOWN = """
DROP TABLE accounts_challenges;
DROP TABLE accounts_doors;
DROP TABLE accounts_passkeys;
DROP TABLE accounts_recovery_codes;
DROP TABLE accounts_apps;
ALTER TABLE accounts_sign_ins DROP COLUMN second_factor;
ALTER TABLE accounts_sign_ins DROP COLUMN proved_until;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
