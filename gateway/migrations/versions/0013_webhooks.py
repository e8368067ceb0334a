"""Webhooks, and what is on its way to them."""

from alembic import op

revision = "0013"
down_revision = "0012"

STATEMENTS = (
    # Its row is the lock under which deliveries are queued and done.
    """create table webhook (
        tenant uuid not null,
        id uuid primary key,
        version bigint not null,
        owner uuid not null,
        api_key uuid,
        definition text not null,
        status text not null,
        reason text,
        basic_user text,
        basic_password text,
        secret text not null,
        former_secret text,
        former_until timestamptz,
        edits text not null,
        created timestamptz not null,
        changed timestamptz not null,
        changed_by text not null,
        cursor bigint not null,
        missed text,
        holder uuid,
        held_until timestamptz,
        taken timestamptz,
        look_at timestamptz not null default now(),
        is_resting boolean not null default false,
        is_tested boolean not null default false
    ) with (fillfactor = 50)""",
    "create index on webhook (tenant)",
    """create table webhook_delivery (
        webhook uuid not null references webhook on delete cascade,
        id uuid not null,
        number bigint generated always as identity,
        sequence bigint,
        type text not null,
        subject uuid not null,
        version bigint,
        state text not null,
        due timestamptz,
        attempts integer not null default 0,
        failures integer not null default 0,
        failing_since timestamptz,
        attempted timestamptz,
        status_code integer,
        milliseconds integer,
        error text,
        created timestamptz not null default clock_timestamp(),
        finished timestamptz,
        primary key (webhook, id)
    ) with (fillfactor = 70)""",
    """create index on webhook_delivery (webhook, due)
       where state = 'waiting' and due is not null""",
    """create index on webhook_delivery (webhook, subject, sequence) where state = 'waiting'""",
    "create index on webhook_delivery (webhook, number)",
    "create index on webhook_delivery (finished) where finished is not null",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
