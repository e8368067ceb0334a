"""Facts: what other systems report of their documents."""

from alembic import op

from chassis import schema

revision = "0012"
down_revision = "0010"

STATEMENTS = (
    *schema.create_aggregate(
        "fact",
        "kind text not null",
        "system text not null",
        "document_type text not null",
        "document text not null",
        "customer uuid",
        "received_at timestamptz not null",
    ),
    "create index on fact (tenant, system, id)",
    "create index on fact (tenant, document, id)",
    "create index on fact (tenant, customer, id) where customer is not null",
    "create index on fact (tenant, received_at)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
