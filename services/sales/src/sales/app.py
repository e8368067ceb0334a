"""Sales at a glance: its routes, and what it does when others speak."""

from __future__ import annotations

from pathlib import Path

from chassis.inbox import Consumer
from chassis.service import Service
from sales.deals import api as deals
from sales.pipelines import api as pipelines
from sales.products import api as products
from sales.reactions import LEAD_TOUCHES, NEW_TENANTS
from sales.reasons import api as reasons
from sales.replicas.departments import DEPARTMENTS
from sales.settings import SalesSettings

SERVICE = Service(
    name="sales",
    owner="sales",
    settings=SalesSettings,
    migrations=Path(__file__).resolve().parents[2] / "migrations",
    routes=(pipelines.routes, products.routes, reasons.routes, deals.routes),
    consumers=(
        Consumer("sales.replicas", (DEPARTMENTS,)),
        Consumer("sales.reactions", (NEW_TENANTS, LEAD_TOUCHES)),
    ),
)
