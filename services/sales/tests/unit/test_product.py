"""What a product is."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from events.values import Money
from sales.products.product import (
    CostInOtherCurrency,
    PriceBelowZero,
    ProductDraft,
    changed,
    created,
)


def rubles(amount: str) -> Money:
    return Money(Decimal(amount), "RUB")


def test_a_product_has_a_price_and_perhaps_a_cost() -> None:
    product = created(uuid4(), ProductDraft(name="Крепёж", price=rubles("10"), cost=rubles("7.5")))
    assert (product.price, product.cost) == (rubles("10"), rubles("7.5"))
    assert changed(product, ProductDraft(name="Крепёж", price=rubles("11"))).cost is None


@pytest.mark.parametrize("field", ["price", "cost"])
def test_neither_may_be_below_zero(field: str) -> None:
    money: dict[str, Any] = {"price": rubles("1"), "cost": rubles("1")} | {field: rubles("-0.01")}
    with pytest.raises(PriceBelowZero) as broken:
        created(uuid4(), ProductDraft(name="Крепёж", **money))
    assert broken.value.field == field


def test_the_cost_is_in_the_currency_of_the_price() -> None:
    with pytest.raises(CostInOtherCurrency):
        created(
            uuid4(),
            ProductDraft(name="Крепёж", price=rubles("1"), cost=Money(Decimal(1), "USD")),
        )
