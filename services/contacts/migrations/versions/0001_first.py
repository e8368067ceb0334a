"""The first tables of contacts."""

from alembic import op

from chassis import schema

revision = "0001"
down_revision = None

COMPANY = (
    *schema.create_aggregate(
        "company", "industry text", "parent uuid", "folded_name text not null", search=True
    ),
    "create index on company (tenant, industry, id)",
    "create index on company (tenant, parent, id) where parent is not null",
    "create index on company (tenant, folded_name, id)",
)

PERSON = (
    *schema.create_aggregate("person", "company uuid", "addresses jsonb not null", search=True),
    "create index on person (tenant, company, id)",
    "create index on person using gin (addresses jsonb_path_ops)",
)

TOUCH = (
    *schema.create_aggregate(
        "touch",
        "customer uuid not null",
        "deal uuid",
        "status text not null",
        "channel text not null",
        "moment timestamptz not null",
    ),
    # The timeline, newest first: one index scan for each customer.
    "create index on touch (tenant, customer, moment desc, id desc)",
    "create index on touch (tenant, deal, id) where deal is not null",
)


def upgrade() -> None:
    for statement in (*schema.V1, *COMPANY, *PERSON, *TOUCH):
        op.execute(statement)
