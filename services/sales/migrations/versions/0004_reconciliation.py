"""It is kept what reconciliation finds."""

from alembic import op

from chassis import schema

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    for statement in schema.V3:
        op.execute(statement)
