"""A second factor: codes by the time, and codes for the day when the telephone is lost."""

from alembic import op

revision = "0006"
down_revision = "0005"

STATEMENTS = (
    # A code of the step that was used last, or of one before it, is not accepted again.
    """create table totp (
        tenant uuid not null,
        user_id uuid not null,
        secret text not null,
        confirmed timestamptz,
        last_step bigint not null default 0,
        primary key (tenant, user_id)
    )""",
    """create table recovery_code (
        tenant uuid not null,
        user_id uuid not null,
        hash bytea not null,
        primary key (tenant, user_id, hash),
        foreign key (tenant, user_id) references totp on delete cascade
    )""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
