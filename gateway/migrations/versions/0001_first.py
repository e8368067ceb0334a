"""The first tables of the directory.

Aggregates have plural names here: `department` is the chassis' table of where
departments lie, and `user` is a word of SQL's own.
"""

from alembic import op

from chassis import schema

revision = "0001"
down_revision = None

TABLES = (
    *schema.create_aggregate("tenants", "slug text not null"),
    "create unique index on tenants (slug)",
    *schema.create_aggregate("departments", "parent uuid", search=True),
    *schema.create_aggregate(
        "users",
        "login text not null",
        "email text",
        "status text not null",
        "is_administrator boolean not null",
        search=True,
    ),
    "create unique index on users (tenant, login)",
    "create unique index on users (tenant, email)",
    """create table password (
        tenant uuid not null,
        user_id uuid not null,
        hash text not null,
        changed timestamptz not null default now(),
        primary key (tenant, user_id)
    )""",
    """create table invitation (
        tenant uuid not null,
        user_id uuid not null,
        hash bytea not null unique,
        expires timestamptz not null,
        primary key (tenant, user_id)
    )""",
    """create table signing_key (
        id text primary key,
        private_key bytea not null,
        is_active boolean not null default true,
        created timestamptz not null default now()
    )""",
    # However many replicas start at once, one of them makes the key.
    "create unique index on signing_key (is_active) where is_active",
)


def upgrade() -> None:
    for statement in (*schema.V1, *TABLES):
        op.execute(statement)
