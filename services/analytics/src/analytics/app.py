"""Analytics at a glance: it owns no aggregates, follows everybody's, and answers reports."""

from __future__ import annotations

from pathlib import Path

from analytics.consumer import CONSUMER, PROJECTIONS
from analytics.reports import api as reports
from analytics.settings import AnalyticsSettings
from chassis.service import Service

SERVICE = Service(
    name="analytics",
    owner="analytics",
    settings=AnalyticsSettings,
    migrations=Path(__file__).resolve().parents[2] / "migrations",
    routes=(reports.routes,),
    consumers=(CONSUMER,),
    projections=PROJECTIONS,
)
