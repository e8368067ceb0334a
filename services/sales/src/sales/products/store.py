"""Every query of products."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, Text

from chassis.aggregates import AggregateStore
from chassis.schema import aggregate_table, metadata
from chassis.search import searchable
from events.catalogue import PRODUCT
from events.sales import Product

TABLE = aggregate_table(
    "product",
    metadata,
    Column("category", Text),
    Column("is_active", Boolean),
    Column("search", Text),
)
SEARCHED = ("name", "sku")


def columns(product: Product) -> dict[str, Any]:
    """What queries filter and search products by."""
    return {
        "category": product.category,
        "is_active": product.is_active,
        "search": searchable(product, SEARCHED),
    }


products = AggregateStore(
    PRODUCT,
    TABLE,
    state=Product,
    resource="products",
    columns=columns,
    searched=SEARCHED,
    filters={"category": "category", "is_active": "is_active"},
)
