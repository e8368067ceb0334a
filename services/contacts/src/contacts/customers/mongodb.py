"""Every query over companies and people alike on MongoDB, and the timeline of either."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from chassis.identity import Identity
from chassis.mongodb.database import Document, MongoDatabase
from chassis.mongodb.documents import documents_of, mongodb
from chassis.mongodb.names import key_of, parts_of
from chassis.mongodb.reaches import within
from chassis.paging import Page
from chassis.problems import Forbidden, NotFound
from chassis.storage import AnyDatabase
from chassis.transactions import Transaction
from contacts.companies.mongodb import companies
from contacts.customers.timeline import Place, TimelineRequest
from contacts.holders import Holder
from contacts.people.mongodb import people
from contacts.touches.mongodb import touches

_KINDS = (companies, people)


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
) -> Page:
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
        fields=("moment", "state"),
        order=[("moment", -1), ("_id", -1)],
        limit=request.limit + 1,
    )
    return request.page([(_place(touch), touch["state"]) for touch in found])


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
        moment, key = request.after.moment, key_of(tenant, request.after.id)
        earlier = [{"moment": {"$lt": moment}}, {"moment": moment, "_id": {"$lt": key}}]
        narrowed.append({"$or": earlier})
    return narrowed


def _place(touch: Document) -> Place:
    return Place(touch["moment"], UUID(parts_of(touch["_id"])[1]))


def _uuid(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)
