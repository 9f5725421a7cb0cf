"""The waiting list: places in it, and the freed times that were kept for somebody."""

from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE waitlist_places (
  id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  consultant_id TEXT NOT NULL,
  service_id TEXT NOT NULL,
  state TEXT NOT NULL,
  day DATE,
  part TEXT NOT NULL,
  zone TEXT NOT NULL,
  joined_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
  unanswered INTEGER NOT NULL,
  PRIMARY KEY (id),
  CHECK (state IN ('waiting', 'offered', 'taken', 'left', 'ended')),
  CHECK (part IN ('any', 'morning', 'afternoon', 'evening')),
  CHECK (unanswered >= 0)
);
CREATE UNIQUE INDEX waitlist_places_once ON waitlist_places (client_id, service_id) WHERE state IN ('waiting', 'offered');
CREATE INDEX waitlist_places_line ON waitlist_places (consultant_id, joined_at) WHERE state IN ('waiting', 'offered');
CREATE TABLE waitlist_offers (
  id TEXT NOT NULL,
  place_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  consultant_id TEXT NOT NULL,
  starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
  state TEXT NOT NULL,
  offered_at TIMESTAMP WITH TIME ZONE NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  booking_id TEXT,
  PRIMARY KEY (id),
  CHECK (state IN ('open', 'taken', 'refused', 'expired')),
  CHECK (expires_at > offered_at)
);
CREATE UNIQUE INDEX waitlist_offers_one_each ON waitlist_offers (place_id) WHERE state = 'open';
CREATE UNIQUE INDEX waitlist_offers_one_time ON waitlist_offers (consultant_id, starts_at) WHERE state = 'open';
CREATE UNIQUE INDEX waitlist_offers_not_again ON waitlist_offers (place_id, starts_at);
"""

DOWN = """
DROP TABLE waitlist_offers;
DROP TABLE waitlist_places;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
