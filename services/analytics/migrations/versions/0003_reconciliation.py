"""Rows of projections are sealed, and it is kept what reconciliation finds."""

import sqlalchemy
from alembic import op

from chassis import schema
from chassis.seals import begin_sealing

revision = "0003"
down_revision = "0002"

TOPICS = {
    "tenant_dimension": ("crm.directory.tenant",),
    "department_dimension": ("crm.directory.department",),
    "user_dimension": ("crm.directory.user",),
    "customer_dimension": ("crm.contacts.company", "crm.contacts.person"),
    "pipeline_dimension": ("crm.sales.pipeline",),
    "product_dimension": ("crm.sales.product",),
    "reason_dimension": ("crm.sales.reason",),
    "channel_dimension": ("crm.marketing.channel",),
    "campaign_dimension": ("crm.marketing.campaign",),
    "deal_fact": ("crm.sales.deal",),
    "spend_fact": ("crm.marketing.spend",),
    "lead_fact": ("crm.marketing.lead",),
    "touch_fact": ("crm.contacts.touch",),
}


def upgrade() -> None:
    for statement in schema.V3:
        op.execute(statement)
    found = sqlalchemy.inspect(op.get_bind())
    for table, topics in TOPICS.items():
        columns = [column["name"] for column in found.get_columns(table)]
        for statement in begin_sealing(table, columns):
            op.execute(statement)
        # What was applied and has left no row was removed: only from now on is that written down.
        listed = ", ".join(f"'{topic}'" for topic in topics)
        op.execute(
            f"""update applied a set removed = true where consumer = 'analytics'
                and topic in ({listed}) and not exists (
                    select from {table} t where t.tenant = a.tenant and t.id = a.key)"""  # noqa: S608
        )
