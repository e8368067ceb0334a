"""What Korvala sells, and what a customer of each kind asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Literal

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Product:
    """A product; `price` and `cost` are roubles for one unit."""

    sku: str
    name: str
    category: str
    price: Decimal
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Line:
    """`quantity` of a product at `price` each, in roubles."""

    sku: str
    quantity: int
    price: Decimal


PRODUCTS: Mapping[str, Product] = {
    sku: Product(sku, name, category, Decimal(price), Decimal(cost))
    for sku, name, category, price, cost in (
        ("ESP-1", "Espresso machine Solo · Рожковая машина «Соло»", "Machines", "189000", "121400"),
        ("ESP-2", "Espresso machine Duo · Рожковая машина «Дуэт»", "Machines", "389000", "246700"),
        ("AUT-O", "Office automatic · Автомат офисный", "Machines", "214500", "143900"),
        ("AUT-H", "Home automatic · Автомат домашний", "Machines", "74900", "49350"),
        ("GRD-P", "Grinder Pro · Кофемолка «Про»", "Grinders", "68500", "41900"),
        ("GRD-H", "Home grinder · Кофемолка домашняя", "Grinders", "18900", "11740"),
        ("FLT-1", "Water filter · Фильтр для воды", "Accessories", "12400", "6150"),
        ("BEAN-50", "Beans, 50 kg · Кофе в зёрнах, 50 кг", "Coffee", "61000", "37850"),
        ("BEAN-1", "Beans, 1 kg · Кофе в зёрнах, 1 кг", "Coffee", "1390.50", "824.70"),
        ("SUB-12", "Beans by post, a year · Подписка на год", "Coffee", "16800", "10920"),
        ("SRV-12", "Service, a year · Обслуживание на год", "Services", "96000", "38200"),
        ("TRN-2", "Barista training, two days · Курс бариста", "Services", "42000", "15600"),
    )
}

Appetite = Literal["bar", "office", "home"]
"""Who makes coffee for guests, for colleagues, for themselves."""

# What a first and a later deal may hold: product, least and most of it, chance of being in it.
_FIRST: Mapping[Appetite, tuple[tuple[str, int, int, float], ...]] = {
    "bar": (
        ("ESP-2", 1, 2, 0.45), ("ESP-1", 1, 1, 0.4), ("GRD-P", 1, 2, 0.7), ("FLT-1", 1, 2, 0.6),
        ("BEAN-50", 1, 3, 0.5), ("SRV-12", 1, 1, 0.4), ("TRN-2", 1, 2, 0.35),
    ),
    "office": (
        ("AUT-O", 1, 3, 0.85), ("FLT-1", 1, 3, 0.5), ("BEAN-50", 1, 2, 0.6), ("SRV-12", 1, 2, 0.45),
    ),
    "home": (
        ("AUT-H", 1, 1, 0.55), ("GRD-H", 1, 1, 0.45), ("BEAN-1", 1, 6, 0.7), ("SUB-12", 1, 1, 0.3),
    ),
}  # fmt: skip
_LATER: Mapping[Appetite, tuple[tuple[str, int, int, float], ...]] = {
    "bar": (("BEAN-50", 1, 6, 0.85), ("FLT-1", 1, 2, 0.3), ("SRV-12", 1, 1, 0.25)),
    "office": (("BEAN-50", 1, 4, 0.85), ("SRV-12", 1, 2, 0.3), ("AUT-O", 1, 1, 0.15)),
    "home": (("BEAN-1", 1, 8, 0.75), ("SUB-12", 1, 1, 0.4)),
}
_DISCOUNTS = (0, 0, 0, 3, 5, 5, 7, 10, 12)
"""Percent, as often as they stand here."""


def order(dice: Random, appetite: Appetite, *, is_first: bool) -> tuple[Line, ...]:
    """What a deal is about; never empty."""
    wishes = (_FIRST if is_first else _LATER)[appetite]
    discount = dice.choice(_DISCOUNTS)
    chosen = [wish for wish in wishes if dice.random() < wish[3]] or [wishes[0]]
    return tuple(
        Line(sku, dice.randint(least, most), _less(PRODUCTS[sku].price, discount))
        for sku, least, most, _ in chosen
    )


def total(lines: tuple[Line, ...]) -> Decimal:
    """What the lines come to, in roubles."""
    return sum((line.price * line.quantity for line in lines), Decimal(0))


def _less(price: Decimal, percent: int) -> Decimal:
    return (price * (100 - percent) / 100).quantize(CENT)
