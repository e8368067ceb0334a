"""Products: their names and what a unit costs the seller."""

from __future__ import annotations

from typing import Any

from analytics.projection import Projection, Shape
from events.catalogue import PRODUCT
from events.sales import Product

SHAPE = Shape("product_dimension", {"name": "text", "cost": "numeric", "cost_currency": "text"})


def row(product: Product) -> tuple[Any, ...]:
    if product.cost is None:
        return (product.name, None, None)
    return (product.name, product.cost.amount, product.cost.currency)


PRODUCTS = Projection(PRODUCT, SHAPE, row)
