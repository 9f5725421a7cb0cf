import sqlalchemy as sa
from alembic import context

from zhixun.kernel.database import sqlalchemy_url
from zhixun.kernel.tables import Table

engine = sa.create_engine(sqlalchemy_url(context.config.attributes["conninfo"]), poolclass=sa.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Table.metadata)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
