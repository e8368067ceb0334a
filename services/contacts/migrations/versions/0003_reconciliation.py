"""It is kept what reconciliation finds."""

from alembic import op

from chassis import schema

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    for statement in schema.V3:
        op.execute(statement)
