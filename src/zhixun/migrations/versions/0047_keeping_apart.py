"""Who has blocked whom, contact details noticed before a first session, and reports of a person."""

from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE accounts_blocks (
  blocker_id TEXT NOT NULL,
  blocked_id TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (blocker_id, blocked_id),
  CHECK (blocker_id <> blocked_id)
);
CREATE INDEX accounts_blocks_blocked ON accounts_blocks (blocked_id);
CREATE TABLE messaging_contacts (
  id TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  sender_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  told_at TIMESTAMP WITH TIME ZONE NOT NULL,
  sent_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (id),
  CHECK (kind IN ('phone', 'mail', 'wechat', 'qq', 'payment'))
);
CREATE INDEX messaging_contacts_told ON messaging_contacts (told_at);
ALTER TABLE crm_matters ADD COLUMN about_id TEXT, DROP CONSTRAINT crm_matters_kind_check,
  ADD CONSTRAINT crm_matters_kind_check CHECK (kind IN ('complaint', 'suggestion', 'report'));
"""

DOWN = """
UPDATE crm_matters SET kind = 'complaint' WHERE kind = 'report';
ALTER TABLE crm_matters DROP COLUMN about_id, DROP CONSTRAINT crm_matters_kind_check,
  ADD CONSTRAINT crm_matters_kind_check CHECK (kind IN ('complaint', 'suggestion'));
DROP TABLE messaging_contacts;
DROP TABLE accounts_blocks;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
