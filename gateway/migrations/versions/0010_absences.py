"""Absences: days on which somebody does not work."""

from alembic import op

from chassis import schema

revision = "0010"
down_revision = "0009"

STATEMENTS = (
    *schema.create_aggregate(
        "absences",
        "kind text not null",
        "starts_on date not null",
        "ends_on date not null",
        "deputy uuid",
    ),
    "create index on absences (tenant, ends_on)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
