"""The indexes of a service's collections: what `migrate` makes on MongoDB.

Documents have no schema to be migrated. Making an index that is there changes
nothing, so every start may do it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from chassis.mongodb.database import MongoDatabase
from events.topics import Topic

Index: TypeAlias = tuple[str, ...]
"""The fields of an index, in ascending order; those with a minus in descending."""

_OF_AGGREGATES: tuple[Index, ...] = (
    ("tenant", "_id"),
    ("tenant", "owner", "_id"),
    ("tenant", "department", "_id"),
    ("tenant", "external_ids"),
)
_WAITING_IN_AGGREGATES: tuple[Index, ...] = (("pending",), ("answers.key",))
_OF_CHASSIS: Mapping[str, tuple[Index, ...]] = {
    "journal": (
        ("position",),
        ("recordedtime",),
        ("waiting", "position"),
        ("waiting", "recordedtime"),
        ("tenant", "subject", "version"),
    ),
    "idempotency_key": (("created",), ("tenant", "_id")),
    "parked": (("place", "version"),),
    "parked_key": (("consumer",), ("tenant", "since")),
    "discarded": (("place",),),
    "undecodable": (("consumer", "topic"),),
    "projection": (("consumer", "as_of"),),
    "department": (("tenant", "path"),),
    "relay_slot": (("owner",), ("until",)),
}
_CONNECTIONS = 2


async def make_indexes(
    url: str, topics: Sequence[Topic], own: Mapping[str, Sequence[Index]]
) -> None:
    """Make those that every service has, and a service's `own`, by collections.

    `topics` are those it publishes. Raises `StoreAway`.
    """
    database = MongoDatabase(url, _CONNECTIONS, topics)
    try:
        for kind in database.kinds.values():
            await _make(database, kind, _OF_AGGREGATES)
            await _make(database, kind, _WAITING_IN_AGGREGATES, sparse=True)
        for collections in (_OF_CHASSIS, own):
            for collection, indexes in collections.items():
                await _make(database, collection, indexes)
    finally:
        await database.close()


async def _make(
    database: MongoDatabase, collection: str, indexes: Sequence[Index], *, sparse: bool = False
) -> None:
    for index in indexes:
        fields = [(name.lstrip("-"), -1 if name.startswith("-") else 1) for name in index]
        await database[collection].index(*fields, sparse=sparse)
