"""Every query over companies and people alike on MongoDB, and the timeline of either."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from chassis.identity import Identity
from chassis.mongodb.database import Document, MongoDatabase
from chassis.mongodb.documents import documents_of, mongodb
from chassis.mongodb.names import key_of, parts_of
from chassis.mongodb.reaches import within
from chassis.problems import Forbidden, NotFound
from chassis.storage import AnyDatabase
from chassis.transactions import Transaction
from contacts.companies.mongodb import companies
from contacts.customers.timeline import Place, Row, TimelineRequest
from contacts.holders import Holder
from contacts.people.mongodb import people
from contacts.replicas.facts import unlink_documents
from contacts.replicas.naming import Called
from contacts.touches.mongodb import touches

_KINDS = (companies, people)
_CALLED = msgspec.json.Decoder(Called)


async def find_customer(
    database: AnyDatabase, identity: Identity, id: UUID
) -> tuple[str, int, str]:
    by_id = {"_id": key_of(identity.tenant, id)}
    found = await _readable(mongodb(database), identity, by_id, ("version", "state"))
    if found is None:
        raise Forbidden("this needs the permission companies:read or people:read")
    for kind, document in found:
        return kind, document["version"], document["state"]
    raise NotFound(f"there is no customer {id}")


async def find_timeline(
    database: AnyDatabase,
    identity: Identity,
    id: UUID,
    request: TimelineRequest,
    *,
    of_people: bool,
) -> list[Row]:
    await find_customer(database, identity, id)
    tenant = str(identity.tenant)
    at_company = {"tenant": tenant, "company": str(id)}
    of_company = (
        await mongodb(database)[people.kind].find(at_company, fields=("_id",)) if of_people else []
    )
    customers = [str(id), *(parts_of(person["_id"])[1] for person in of_company)]
    found = await mongodb(database)[touches.kind].find(
        {
            "tenant": tenant,
            "customer": {"$in": customers},
            "status": {"$in": list(request.statuses)},
            "$and": [
                await within(mongodb(database), identity, "touches:read"),
                *_narrowed(identity.tenant, request),
            ],
        },
        **_newest(request),
    )
    return _rows(found)


async def find_subjects(
    database: AnyDatabase, identity: Identity, id: UUID, *, of_people: bool
) -> list[Called]:
    theirs = await within(mongodb(database), identity, "facts:read")
    by_id: dict[str, Any] = {"_id": key_of(identity.tenant, id)}
    at_company = {"tenant": str(identity.tenant), "company": str(id)}
    wanted = {"$or": [by_id, at_company]} if of_people else by_id
    found = await _readable(mongodb(database), identity, {"$and": [wanted, theirs]}, ("state",))
    return [_CALLED.decode(document["state"]) for _, document in found or ()]


async def find_products(
    database: AnyDatabase, identity: Identity, customers: Sequence[UUID]
) -> list[str]:
    reach = await within(mongodb(database), identity, "deals:read")
    deals = await mongodb(database)["open_deal"].find(
        {"customer": {"$in": [str(id) for id in customers]}, **reach}, fields=("products",)
    )
    wanted = {product for deal in deals for product in deal["products"]}
    keys = {key_of(identity.tenant, UUID(product)): product for product in wanted}
    known = await mongodb(database)["product_name"].find(
        {"_id": {"$in": list(keys)}}, fields=("names",)
    )
    names = [name for product in known for name in product["names"]]
    return [*names, *(wanted - set(names))]


async def find_facts(
    database: AnyDatabase,
    tenant: UUID,
    customers: Sequence[str],
    products: Sequence[str],
    request: TimelineRequest,
) -> list[Row]:
    facts, of_tenant = mongodb(database)["fact"], {"tenant": str(tenant)}
    of_customers = {"customer": {"$in": list(customers)}}
    payments = await facts.find(
        {**of_tenant, **of_customers, "kind": "payment_received"}, fields=("document",)
    )
    reversed_ = [payment["document"] for payment in payments]
    parts = [
        of_customers,
        {"product": {"$in": list(products)}, "customer": None},
        {"payment": {"$in": reversed_}, "customer": None},
    ]
    later = [_after(tenant, request.after)] if request.after is not None else []
    found = await facts.find({**of_tenant, "$and": [{"$or": parts}, *later]}, **_newest(request))
    return _rows(found)


async def unlink_facts(transaction: Transaction, names: Sequence[str]) -> None:
    await unlink_documents(documents_of(transaction).database, transaction.tenant, names)


async def holders_of(transaction: Transaction, ids: Iterable[UUID]) -> dict[UUID, Holder]:
    database = documents_of(transaction).database
    writable = await within(database, transaction.identity, "touches:write")
    keys = [key_of(transaction.tenant, id) for id in ids]
    wanted = {"_id": {"$in": keys}, "$and": [writable]}
    found = await _readable(database, transaction.identity, wanted, ("owner", "department"))
    return {
        UUID(parts_of(document["_id"])[1]): Holder(
            _uuid(document["owner"]), _uuid(document["department"])
        )
        for _, document in found or ()
    }


async def _readable(
    database: MongoDatabase,
    identity: Identity,
    wanted: Mapping[str, Any],
    fields: tuple[str, ...],
) -> list[tuple[str, Document]] | None:
    """(kind, document) of the customers that match and lie within the reach for reading.

    Who may read only one kind finds only that; None for who may read neither.
    """
    found: list[tuple[str, Document]] | None = None
    for store in _KINDS:
        try:
            reach = await within(database, identity, f"{store.resource}:read")
        except Forbidden:
            continue
        documents = await database[store.kind].find({**wanted, **reach}, fields=fields)
        found = [*(found or ()), *((store.kind, document) for document in documents)]
    return found


def _narrowed(tenant: UUID, request: TimelineRequest) -> list[dict[str, Any]]:
    narrowed: list[dict[str, Any]] = []
    if request.channels is not None:
        narrowed.append({"channel": {"$in": list(request.channels)}})
    if request.after is not None:
        narrowed.append(_after(tenant, request.after))
    return narrowed


def _after(tenant: UUID, place: Place) -> dict[str, Any]:
    """What stands behind a place, newest first."""
    moment, key = place.moment, key_of(tenant, place.id)
    return {"$or": [{"moment": {"$lt": moment}}, {"moment": moment, "_id": {"$lt": key}}]}


def _newest(request: TimelineRequest) -> dict[str, Any]:
    """How rows of a timeline are found: newest first, one more than the page holds."""
    return {
        "fields": ("moment", "state"),
        "order": [("moment", -1), ("_id", -1)],
        "limit": request.limit + 1,
    }


def _rows(found: Iterable[Document]) -> list[Row]:
    return [(Place(row["moment"], UUID(parts_of(row["_id"])[1])), row["state"]) for row in found]


def _uuid(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)
