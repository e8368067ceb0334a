"""Sessions are kept, with the refresh tokens that prolong them; signing keys follow one another."""

from alembic import op

revision = "0004"
down_revision = "0003"

STATEMENTS = (
    """create table session (
        tenant uuid not null,
        id uuid not null,
        user_id uuid not null,
        begun timestamptz not null,
        renewed timestamptz not null,
        expires timestamptz not null,
        ended timestamptz,
        address text not null,
        client text not null,
        primary key (tenant, id)
    )""",
    "create index on session (tenant, user_id)",
    # A used token is remembered as long as its session: whoever brings it again has a copy.
    """create table refresh_token (
        hash bytea primary key,
        tenant uuid not null,
        session uuid not null,
        is_used boolean not null default false,
        foreign key (tenant, session) references session on delete cascade
    )""",
    "create index on refresh_token (tenant, session)",
    "alter table signing_key drop column is_active",
    "alter table signing_key add column signs_from timestamptz not null default now()",
    # However many replicas make the next key at once, one of them succeeds.
    "alter table signing_key add column serial bigint not null default 1 unique",
    "alter table signing_key alter column serial drop default",
    "alter table signing_key alter column signs_from drop default",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
