"""The tables of scheduling."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE scheduling_calendars (
  consultant_id TEXT NOT NULL,
  consultant_no BIGINT GENERATED ALWAYS AS IDENTITY,
  zone TEXT NOT NULL,
  hours JSONB NOT NULL,
  PRIMARY KEY (consultant_id),
  UNIQUE (consultant_no)
);
CREATE TABLE scheduling_overrides (
  consultant_id TEXT NOT NULL,
  day DATE NOT NULL,
  openings JSONB NOT NULL,
  PRIMARY KEY (consultant_id, day)
);
CREATE TABLE scheduling_times (
  hold_id TEXT NOT NULL,
  consultant_id TEXT NOT NULL,
  consultant_no BIGINT NOT NULL,
  owner_id TEXT NOT NULL,
  state TEXT NOT NULL,
  standing BOOLEAN NOT NULL,
  starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
  buffer_before_minutes INTEGER NOT NULL,
  buffer_after_minutes INTEGER NOT NULL,
  during INT8RANGE NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (hold_id),
  CHECK (ends_at > starts_at),
  CHECK (state IN ('held', 'taken', 'lapsed', 'released'))
);
CREATE INDEX scheduling_times_consultant ON scheduling_times (consultant_id, starts_at) WHERE standing;
CREATE INDEX scheduling_times_lapsing ON scheduling_times (expires_at) WHERE standing AND state = 'held';
ALTER TABLE scheduling_times ADD CONSTRAINT scheduling_times_no_overlap EXCLUDE USING gist
  (int8range(consultant_no, consultant_no, '[]') WITH &&, during WITH &&) WHERE (standing);
"""

DOWN = """
DROP TABLE scheduling_times;
DROP TABLE scheduling_overrides;
DROP TABLE scheduling_calendars;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
