"""When everyone is free, written out: rows of starts that the slot engine fills, and which calendars changed since."""

from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

UP = """
ALTER TABLE scheduling_calendars ADD COLUMN times_version BIGINT DEFAULT 1 NOT NULL;
ALTER TABLE scheduling_calendars ADD COLUMN written_version BIGINT DEFAULT 0 NOT NULL;
ALTER TABLE scheduling_calendars ADD COLUMN written_until TIMESTAMP WITH TIME ZONE;
CREATE INDEX scheduling_calendars_changed ON scheduling_calendars (consultant_id) WHERE times_version <> written_version;
CREATE INDEX scheduling_calendars_written ON scheduling_calendars (written_until);
CREATE FUNCTION scheduling_services_count() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE scheduling_calendars SET times_version = times_version + 1
    WHERE consultant_id = CASE WHEN TG_OP = 'DELETE' THEN OLD.consultant_id ELSE NEW.consultant_id END;
  RETURN NULL;
END $$;
CREATE TRIGGER catalog_services_count AFTER INSERT OR UPDATE OR DELETE ON catalog_services
  FOR EACH ROW EXECUTE FUNCTION scheduling_services_count();
CREATE TABLE search_free_services (
  id INTEGER GENERATED ALWAYS AS IDENTITY,
  service_id TEXT NOT NULL,
  consultant_id TEXT NOT NULL,
  channel TEXT NOT NULL,
  price_minor BIGINT NOT NULL,
  notice_minutes INTEGER NOT NULL,
  horizon_days INTEGER NOT NULL,
  zone TEXT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (service_id)
);
CREATE INDEX ix_search_free_services_consultant_id ON search_free_services (consultant_id);
CREATE INDEX search_free_services_horizon ON search_free_services (horizon_days, zone);
CREATE TABLE search_free_runs (
  service INTEGER NOT NULL,
  first BIGINT NOT NULL,
  last BIGINT NOT NULL,
  step_seconds INTEGER NOT NULL,
  free_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (service, first),
  FOREIGN KEY (service) REFERENCES search_free_services (id) ON DELETE CASCADE
);
CREATE INDEX search_free_runs_when ON search_free_runs (first) INCLUDE (last, service, step_seconds, free_at);
"""

DOWN = """
DROP TABLE search_free_runs;
DROP TABLE search_free_services;
DROP TRIGGER catalog_services_count ON catalog_services;
DROP FUNCTION scheduling_services_count();
ALTER TABLE scheduling_calendars DROP COLUMN times_version, DROP COLUMN written_version, DROP COLUMN written_until;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
