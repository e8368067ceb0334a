"""How far the broker remembers each slot is kept: a topic that was lost is noticed by it."""

from alembic import op

from chassis import schema

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    for statement in schema.V2:
        op.execute(statement)
