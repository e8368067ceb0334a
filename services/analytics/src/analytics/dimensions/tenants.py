"""Tenants: the currency that reports are in unless asked otherwise."""

from __future__ import annotations

from typing import Any

from analytics.projection import Projection, Shape
from events.catalogue import TENANT
from events.directory import Tenant

SHAPE = Shape("tenant_dimension", {"name": "text", "currency": "text"})


def row(tenant: Tenant) -> tuple[Any, ...]:
    return (tenant.name, tenant.currency)


TENANTS = Projection(TENANT, SHAPE, row)
