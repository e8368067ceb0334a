"""Leads are found by whom they became, when somebody is erased."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute(
        """create index on lead (tenant, (state #>> '{customer,id}'))
           where state #>> '{customer,id}' is not null"""
    )
