"""People sign in through identity providers of their tenant."""

from alembic import op

revision = "0009"
down_revision = "0008"

STATEMENTS = (
    """create table identity_provider (
        tenant uuid not null,
        id uuid primary key,
        code text not null,
        is_active boolean not null,
        definition jsonb not null,
        client_secret text,
        changed timestamptz not null,
        changed_by uuid,
        unique (tenant, code)
    )""",
    # A user is one person at a provider, and a person there one user.
    """create table identity_link (
        provider uuid not null references identity_provider on delete cascade,
        subject text not null,
        tenant uuid not null,
        user_id uuid not null,
        linked timestamptz not null default now(),
        primary key (provider, subject),
        unique (provider, user_id)
    )""",
    # Somebody is on the way to a provider and back: known by fingerprints, for minutes.
    """create table sign_in (
        state bytea primary key,
        browser bytea not null,
        provider uuid not null references identity_provider on delete cascade,
        nonce text not null,
        verifier text not null,
        begun timestamptz not null,
        expires timestamptz not null
    )""",
    "create index on sign_in (expires)",
    "create index on sign_in (provider)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
