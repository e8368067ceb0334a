"""Tenants define roles of their own."""

from alembic import op

from chassis import schema

revision = "0007"
down_revision = "0006"

STATEMENTS = (
    *schema.create_aggregate(
        "roles", "code text not null", "is_active boolean not null", search=True
    ),
    "create unique index on roles (tenant, code)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
