"""The roles of the desk: whoever was an operator keeps every right, as an administrator."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

UP = """
UPDATE accounts_users SET roles = roles || '{administrator}' WHERE 'operator' = ANY(roles);
"""

DOWN = """
UPDATE accounts_users SET roles = array_remove(array_remove(array_remove(array_remove(array_remove(
  roles, 'administrator'), 'support'), 'finance'), 'content'), 'privacy_officer');
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
