"""Sales at a glance: its routes, and what it does when others speak."""

from __future__ import annotations

from pathlib import Path

from chassis.inbox import Consumer
from chassis.service import Service
from sales.products import api as products
from sales.replicas.departments import DEPARTMENTS
from sales.settings import SalesSettings

SERVICE = Service(
    name="sales",
    owner="sales",
    settings=SalesSettings,
    migrations=Path(__file__).resolve().parents[2] / "migrations",
    routes=(products.routes,),
    consumers=(Consumer("sales.replicas", (DEPARTMENTS,)),),
)
