"""What other systems report, as far as timelines show it: one row for each of their documents.

A row has by which name the fact means its customer, and not who that is: a customer may come, or
get this name, when the fact is long there. What is shown has no such name in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from chassis.database import Connection
from chassis.inbox import Replica
from chassis.journal import encoder
from chassis.mongodb.database import AlreadyThere, MongoDatabase
from chassis.mongodb.names import key_of
from contacts.replicas.naming import meant, name_of
from events.catalogue import FACT
from events.envelope import Event
from events.integration import Fact

INDEXES = (
    ("tenant", "customer", "-moment", "-_id"),
    ("tenant", "product", "-moment", "-_id"),
    ("tenant", "payment"),
)
_FIELDS = ("kind", "customer", "product", "document", "payment", "moment", "state")

_KEEP = f"""
insert into fact (tenant, id, version, {", ".join(_FIELDS)})
select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[],
                     $7::text[], $8::text[], $9::timestamptz[], $10::json[])
on conflict (tenant, id) do update
set version = excluded.version, {", ".join(f"{field} = excluded.{field}" for field in _FIELDS)}
where fact.version < excluded.version
"""  # noqa: S608 - the names of our own columns


def _shown(fact: Fact) -> dict[str, Any]:
    """What is kept of a fact, by the names of the fields."""
    return {
        "kind": fact.kind,
        "customer": meant(fact.customer),
        "product": meant(fact.product),
        "document": name_of(fact.document),
        "payment": None if fact.payment is None else name_of(fact.payment),
        "moment": fact.happened_at,
        "state": encoder.encode(replace(fact, customer=None)).decode(),
    }


async def keep_facts(connection: Connection, events: Sequence[Event[Fact]]) -> None:
    told = [(event, _shown(fact)) for event in events if (fact := event.data.after) is not None]
    rows = [
        (
            event.tenantid,
            UUID(event.subject),
            event.aggregateversion,
            *(shown[field] for field in _FIELDS),
        )
        for event, shown in told
    ]
    if rows:
        await connection.execute(_KEEP, *map(list, zip(*rows, strict=True)))


async def keep_fact_documents(database: MongoDatabase, events: Sequence[Event[Fact]]) -> None:
    for event in events:
        if (fact := event.data.after) is None:
            continue
        version = event.aggregateversion
        older = {"_id": key_of(event.tenantid, fact.id), "version": {"$lt": version}}
        kept = {"tenant": str(event.tenantid), "version": version, **_shown(fact)}
        with suppress(AlreadyThere):
            await database["fact"].update(older, {"$set": kept}, upsert=True)


async def unlink(connection: Connection, tenant: UUID, names: Iterable[str]) -> None:
    """Let no fact mean a customer by one of these names any more."""
    await connection.execute(
        "update fact set customer = null where tenant = $1 and customer = any($2)",
        tenant,
        list(names),
    )


async def unlink_documents(database: MongoDatabase, tenant: UUID, names: Iterable[str]) -> None:
    """As `unlink`."""
    await database["fact"].update_many(
        {"tenant": str(tenant), "customer": {"$in": list(names)}}, {"$set": {"customer": None}}
    )


FACTS = Replica(FACT, keep_facts, apply_documents=keep_fact_documents)
