"""Marketing at a glance: its routes, and what it does when others speak."""

from __future__ import annotations

from pathlib import Path

from chassis.inbox import Consumer
from chassis.service import Service
from marketing import reactions
from marketing.campaigns import api as campaigns
from marketing.channels import api as channels
from marketing.forms import api as forms
from marketing.leads import api as leads
from marketing.replicas.departments import DEPARTMENTS
from marketing.settings import MarketingSettings
from marketing.spend import api as spend

SERVICE = Service(
    name="marketing",
    owner="marketing",
    settings=MarketingSettings,
    migrations=Path(__file__).resolve().parents[2] / "migrations",
    routes=(channels.routes, campaigns.routes, spend.routes, forms.routes, leads.routes),
    consumers=(
        Consumer("marketing.replicas", (DEPARTMENTS,)),
        Consumer("marketing.reactions", (reactions.DEALS, reactions.PEOPLE, reactions.TOUCHES)),
    ),
)
