"""Programs come in with keys of their own."""

from alembic import op

revision = "0005"
down_revision = "0004"

STATEMENTS = (
    # Without a hash nobody has been given the secret yet.
    """create table api_key (
        tenant uuid not null,
        id uuid primary key,
        user_id uuid not null,
        name text not null,
        scopes text[] not null,
        hash bytea,
        created timestamptz not null,
        expires timestamptz not null,
        last_used timestamptz,
        revoked timestamptz
    )""",
    "create index on api_key (tenant, user_id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
