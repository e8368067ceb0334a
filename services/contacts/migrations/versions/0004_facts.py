"""What other systems report of customers, and of the products that customers are about to buy."""

from alembic import op

revision = "0004"
down_revision = "0003"

STATEMENTS = (
    """create table fact (
        tenant uuid not null,
        id uuid not null,
        version bigint not null,
        kind text not null,
        customer text,
        product text,
        document text not null,
        payment text,
        moment timestamptz not null,
        state json not null,
        primary key (tenant, id)
    )""",
    # Timelines, newest first: one index scan for each name.
    """create index on fact (tenant, customer, moment desc, id desc)
       where customer is not null""",
    "create index on fact (tenant, product, moment desc, id desc) where product is not null",
    "create index on fact (tenant, payment) where payment is not null",
    """create table open_deal (
        tenant uuid not null,
        id uuid not null,
        version bigint not null,
        owner uuid,
        department uuid,
        customer uuid not null,
        products uuid[] not null,
        primary key (tenant, id)
    )""",
    "create index on open_deal (tenant, customer)",
    """create table product_name (
        tenant uuid not null,
        id uuid not null,
        version bigint not null,
        names text[] not null,
        primary key (tenant, id)
    )""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
