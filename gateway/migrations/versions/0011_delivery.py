"""The log of all events, the newest of each record, and who follows it."""

from alembic import op

revision = "0011"
down_revision = "0010"

STATEMENTS = (
    # Its row is the lock under which a tenant's sequences are given: they become visible in order.
    """create table delivery_tenant (
        tenant uuid primary key,
        first bigint not null default 1,
        last bigint not null
    ) with (fillfactor = 50)""",
    """create table delivery_log (
        tenant uuid not null,
        sequence bigint not null,
        topic text not null,
        type text not null,
        subject uuid not null,
        version bigint not null,
        owner uuid,
        department uuid,
        was_owner uuid,
        was_department uuid,
        remains boolean not null,
        origin text,
        recordedtime timestamptz not null,
        logged timestamptz not null default clock_timestamp(),
        body bytea not null,
        primary key (tenant, sequence)
    )""",
    "create index on delivery_log (tenant, topic, subject)",
    """create table delivery_head (
        tenant uuid not null,
        topic text not null,
        subject uuid not null,
        sequence bigint not null,
        version bigint not null,
        owner uuid,
        department uuid,
        remains boolean not null,
        body bytea not null,
        primary key (tenant, topic, subject)
    ) with (fillfactor = 85)""",
    """create table delivery_consumer (
        tenant uuid not null,
        owner uuid not null,
        name text not null,
        types text[] not null,
        acknowledged bigint not null,
        acknowledged_at timestamptz,
        is_paused boolean not null default false,
        created timestamptz not null,
        primary key (tenant, owner, name)
    )""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
