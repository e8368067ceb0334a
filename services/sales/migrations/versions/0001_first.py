"""The first tables of sales."""

from alembic import op

from chassis import schema

revision = "0001"
down_revision = None


def upgrade() -> None:
    for statement in schema.V1:
        op.execute(statement)
    for statement in schema.create_aggregate(
        "product", "category text", "is_active boolean not null", search=True
    ):
        op.execute(statement)
