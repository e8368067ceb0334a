"""What a product is: something sold at a price, perhaps at a known cost."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from chassis.merge import redrafted
from chassis.problems import RuleBroken
from events.sales import Product
from events.values import ExternalId, Money, Name


class ProductDraft(Struct, kw_only=True, forbid_unknown_fields=True):
    """The fields of a product that clients set."""

    name: Name
    sku: Annotated[str, Meta(max_length=100)] | None = None
    category: Annotated[str, Meta(max_length=100)] | None = None
    price: Money
    cost: Money | None = None
    is_active: bool = True
    external_ids: tuple[ExternalId, ...] = ()


class PriceBelowZero(RuleBroken):
    title = "A price or cost cannot be below zero"


class CostInOtherCurrency(RuleBroken):
    title = "A product's cost is in the currency of its price"


def created(id: UUID, draft: ProductDraft) -> Product:
    """A new product as drafted."""
    return _checked(Product(id=id, version=0, **redrafted(draft)))


def changed(product: Product, draft: ProductDraft) -> Product:
    """The product with the draft's fields."""
    return _checked(replace(product, **redrafted(draft)))


def _checked(product: Product) -> Product:
    for field, money in (("price", product.price), ("cost", product.cost)):
        if money is not None and money.amount < Decimal(0):
            raise PriceBelowZero(f"{field} is {money.amount}", field=field)
    if product.cost is not None and product.cost.currency != product.price.currency:
        raise CostInOtherCurrency(
            f"price in {product.price.currency}, cost in {product.cost.currency}", field="cost"
        )
    return product
