"""What one can do with products, a function per verb."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chassis.bulk import Decision, Upsert, Verdicts, upsert
from chassis.identity import Identity
from chassis.merge import check_edit, merged
from chassis.transactions import Transaction, uuid7
from events.sales import Product
from sales.products import product as rules
from sales.products.product import ProductDraft
from sales.products.store import products


async def create_product(transaction: Transaction, draft: ProductDraft) -> Product:
    return await products.save(transaction, "created", None, rules.created(uuid7(), draft))


async def change_product(
    transaction: Transaction, id: UUID, patch: dict[str, Any], seen: int | None
) -> Product:
    product = await products.load(transaction, id)
    await check_edit(transaction, product, patch, seen)
    after = rules.changed(product, merged(product, patch, ProductDraft))
    return await products.save(transaction, "changed", product, after)


async def upsert_products(transaction: Transaction, items: list[dict[str, Any]]) -> Verdicts:
    return await upsert(transaction, Upsert(products, ProductDraft, _decide), items)


def _decide(before: Product | None, draft: ProductDraft, _: Identity) -> Decision[Product]:
    if before is None:
        return Decision("created", rules.created(uuid7(), draft))
    return Decision("changed", rules.changed(before, draft))
