"""Deals are found by the lead that they were opened for, when somebody is erased."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute(
        """create index on deal (tenant, (state ->> 'lead'))
           where state ->> 'lead' is not null"""
    )
