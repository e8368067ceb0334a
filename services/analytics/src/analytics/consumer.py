"""Everything that analytics follows: one consumer, a projection for each topic."""

from __future__ import annotations

from analytics.dimensions.campaigns import CAMPAIGNS
from analytics.dimensions.channels import CHANNELS
from analytics.dimensions.customers import COMPANIES, PEOPLE
from analytics.dimensions.departments import DEPARTMENTS
from analytics.dimensions.pipelines import PIPELINES
from analytics.dimensions.products import PRODUCTS
from analytics.dimensions.reasons import REASONS
from analytics.dimensions.tenants import TENANTS
from analytics.dimensions.users import USERS
from analytics.facts.deals import DEALS
from analytics.facts.leads import LEADS
from analytics.facts.spend import SPEND
from analytics.facts.touches import TOUCHES
from chassis.inbox import Consumer

CONSUMER = Consumer(
    "analytics",
    (
        TENANTS.replica,
        DEPARTMENTS,
        USERS.replica,
        COMPANIES.replica,
        PEOPLE.replica,
        PIPELINES.replica,
        PRODUCTS.replica,
        REASONS.replica,
        CHANNELS.replica,
        CAMPAIGNS.replica,
        DEALS.replica,
        SPEND.replica,
        LEADS.replica,
        TOUCHES.replica,
    ),
)

PROJECTIONS = (
    "tenant_dimension",
    "department",
    "department_dimension",
    "user_dimension",
    "customer_dimension",
    "pipeline_dimension",
    "product_dimension",
    "reason_dimension",
    "channel_dimension",
    "campaign_dimension",
    "deal_fact",
    "spend_fact",
    "lead_fact",
    "touch_fact",
)
"""Every table that the consumer writes, and nobody else."""
