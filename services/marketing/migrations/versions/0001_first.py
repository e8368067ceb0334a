"""The first tables of marketing."""

from alembic import op

from chassis import schema

revision = "0001"
down_revision = None

CHANNEL = schema.create_aggregate(
    "channel", "kind text not null", "is_active boolean not null", search=True
)
CAMPAIGN = [
    *schema.create_aggregate(
        "campaign", "channel uuid not null", "status text not null", search=True
    ),
    "create index on campaign (tenant, channel, id)",
]
SPEND = [
    *schema.create_aggregate(
        "spend",
        "campaign uuid not null",
        "channel uuid not null",
        "day date not null",
        "currency text not null",
    ),
    "create index on spend (tenant, campaign, day)",
    "create index on spend (tenant, channel, day)",
    "create index on spend (tenant, day)",
]
FORM = [
    *schema.create_aggregate(
        "form", "campaign uuid", "channel uuid", "is_active boolean not null", search=True
    ),
    # A submission comes without a tenant: the form is found by its id alone.
    "create unique index on form (id)",
    "create index on form (tenant, campaign, id)",
    "create index on form (tenant, channel, id)",
]
LEAD = [
    *schema.create_aggregate(
        "lead",
        "form uuid not null",
        "campaign uuid",
        "channel uuid",
        "status text not null",
        search=True,
    ),
    "create index on lead (tenant, form, id)",
    "create index on lead (tenant, campaign, id)",
    "create index on lead (tenant, channel, id)",
    "create index on lead (tenant, status, id)",
]


def upgrade() -> None:
    for statement in (*schema.V1, *CHANNEL, *CAMPAIGN, *SPEND, *FORM, *LEAD):
        op.execute(statement)
