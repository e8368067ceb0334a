"""`products.csv`: what is sold, as products."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID

from msgspec import Struct

from cli.imports import cleaning
from cli.imports.cleaning import Known, Notes, Rejected
from cli.imports.files import PRODUCTS, Source
from cli.imports.identity import external_id
from cli.imports.ledger import ImportedRow
from events.values import ExternalId, Money

CURRENCY = "USD"


class ProductItem(Struct, frozen=True):
    """What the platform is asked for."""

    name: str
    category: str | None
    price: Money
    external_ids: tuple[ExternalId]


class Product(Struct, frozen=True):
    """What an opportunity needs to know of its product."""

    name: str
    id: UUID
    price: Decimal


class Products(Known[Product]):
    """The products that the platform took."""

    def __init__(self) -> None:
        super().__init__("product", PRODUCTS.file)

    def take(self, row: ImportedRow) -> None:
        """Take a product over from its row, once the platform has given it an id."""
        if row.id is not None and isinstance(row.item, ProductItem):
            item = row.item
            self.add(item.name, Product(item.name, row.id, item.price.amount))


def read(source: Source) -> Iterator[ImportedRow]:
    """The rows of `products.csv`, each with its item or rejected."""
    seen: set[str] = set()
    for line, cells, fault in source.rows():
        row = ImportedRow(PRODUCTS.file, line, cells[0] if cells else "", [])
        try:
            row.item = _item(cells, fault, row.rules, seen)
        except Rejected as rejected:
            row.reject(rejected)
        yield row


def _item(cells: tuple[str, ...], fault: str | None, notes: Notes, seen: set[str]) -> ProductItem:
    product, series, sales_price = cleaning.record(cells, fault)
    name = cleaning.product_name(product, notes)
    cleaning.refuse_seen(name.casefold(), seen, "product", name)
    category = cleaning.text(series, "series", notes, longest=100)
    price = cleaning.money(sales_price, "sales_price", notes)
    if price is None:
        raise Rejected("missing_value", "sales_price is empty")
    seen.add(name.casefold())
    return ProductItem(name, category, Money(price, CURRENCY), external_id("product", name))
