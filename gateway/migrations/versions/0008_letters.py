"""Invitations go by mail, too: what is to be sent, and an invitation for each way."""

from alembic import op

revision = "0008"
down_revision = "0007"

STATEMENTS = (
    # No secret waits here: it is made as the letter is sent.
    """create table letter (
        tenant uuid not null,
        user_id uuid not null,
        wanted timestamptz not null default now(),
        due timestamptz not null default now(),
        tries integer not null default 0,
        primary key (tenant, user_id)
    )""",
    "create index on letter (due)",
    "alter table invitation add column by_mail boolean not null default false",
    "alter table invitation drop constraint invitation_pkey",
    "alter table invitation add primary key (tenant, user_id, by_mail)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
