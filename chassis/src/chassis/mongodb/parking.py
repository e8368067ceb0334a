"""Keys that wait, on MongoDB.

Nothing is taken out before its effect is there: what is tried again, or laid
aside, stays parked until the batch has ended. One batch of a consumer runs at a
time, by a turn, which is the lock that the inbox and the operator's redrive share.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from uuid import UUID

from chassis.mongodb.database import AlreadyThere, Document, MongoDatabase
from chassis.mongodb.names import key_of, text_of
from chassis.parking import Key, ParkedKey
from chassis.transactions import now


def place_of(consumer: str, topic: str, key: Key) -> str:
    """What is kept of a key for a consumer is found by this."""
    return text_of(consumer, topic, key_of(*key))


class MongoParking:
    """The parked keys of one consumer, inside a batch."""

    def __init__(self, database: MongoDatabase, consumer: str) -> None:
        self._keys = database["parked_key"]
        self._events = database["parked"]
        self._discarded = database["discarded"]
        self._applied = database["applied"]
        self._consumer = consumer
        self._leaving: dict[str, set[int]] = defaultdict(set)
        """The versions that are taken out when the batch ends, by the places of their keys."""
        self._taken: set[str] = set()
        """Places of keys that were taken, and not parked again since."""

    async def take_turn(self, *, alone: bool) -> None:
        """Nothing to wait for: every batch of a consumer runs alone here."""

    async def held(self, topic: str, keys: list[Key]) -> dict[Key, bool]:
        places = {place_of(self._consumer, topic, key): key for key in keys}
        wanted = [place for place in places if place not in self._taken]
        held: dict[Key, bool] = {}
        for parked in await self._keys.find({"_id": {"$in": wanted}}):
            if await self._waits_still(parked["_id"]):
                held[places[parked["_id"]]] = parked["gap"]
        return held

    async def _waits_still(self, place: str) -> bool:
        """Whether an event of a key waits; what a batch has applied that never ended is let go."""
        applied = await self._applied.find_one({"_id": place})
        if applied is not None:
            await self._events.delete({"place": place, "version": {"$lte": applied["version"]}})
        return not await self._is_let_go(place)

    async def _is_let_go(self, place: str) -> bool:
        if await self._events.find_one({"place": place}, fields=("_id",)) is not None:
            return False
        await self._keys.delete({"_id": place})
        return True

    async def put(
        self, topic: str, key: Key, version: int, body: bytes, error: str, *, gap: bool
    ) -> None:
        place = place_of(self._consumer, topic, key)
        named = self._named(topic, key)
        event = {"place": place, **named, "version": version, "body": body.decode()}
        with suppress(AlreadyThere):
            # The event before its key: a key without events would wait for nothing.
            await self._events.insert({"_id": text_of(place, str(version)), **event})
        self._leaving[place].discard(version)
        parked = {**named, "error": error[:2_000], "gap": gap, "since": now()}
        if place in self._taken:
            self._taken.remove(place)
            await self._keys.update({"_id": place}, {"$set": parked}, upsert=True)
        else:
            with suppress(AlreadyThere):
                await self._keys.insert({"_id": place, **parked})

    async def first_version(self, topic: str, key: Key) -> int | None:
        place = place_of(self._consumer, topic, key)
        waiting = [event["version"] for event in await self._waiting(place)]
        return waiting[0] if waiting else None

    async def take(self, topic: str, key: Key) -> list[bytes]:
        place = place_of(self._consumer, topic, key)
        events = await self._waiting(place)
        self._leaving[place].update(event["version"] for event in events)
        self._taken.add(place)
        return [event["body"].encode() for event in events]

    async def drop(self, topic: str, key: Key, by: str, reason: str) -> int | None:
        place = place_of(self._consumer, topic, key)
        events = await self._waiting(place)
        if not events:
            return None
        first = events[0]
        aside = {**first, "by": by, "reason": reason[:2_000], "discarded_at": now()}
        with suppress(AlreadyThere):
            await self._discarded.insert(aside)
        version: int = first["version"]
        self._leaving[place].add(version)
        return version

    async def finish(self) -> None:
        """Take out what has had its effect: that of the batch is there now."""
        for place, versions in self._leaving.items():
            if versions or place in self._taken:
                await self._events.delete({"place": place, "version": {"$in": sorted(versions)}})
                await self._is_let_go(place)

    async def _waiting(self, place: str) -> list[Document]:
        """The events of a key that are not about to leave, in order."""
        events = await self._events.find({"place": place}, order=[("version", 1)])
        return [event for event in events if event["version"] not in self._leaving[place]]

    def _named(self, topic: str, key: Key) -> Document:
        tenant, id = key
        return {
            "consumer": self._consumer,
            "topic": topic,
            "tenant": str(tenant),
            "key": str(id),
        }


async def parked_keys(database: MongoDatabase, tenant: UUID | None, most: int) -> list[ParkedKey]:
    """As `chassis.parking.parked_keys`."""
    of_tenant = {} if tenant is None else {"tenant": str(tenant)}
    keys = await database["parked_key"].find(
        of_tenant, order=[("since", 1), ("key", 1)], limit=most
    )
    shown: list[ParkedKey] = []
    for key in keys:
        events = await database["parked"].find(
            {"place": key["_id"]}, fields=("version",), order=[("version", 1)]
        )
        if events:
            shown.append(
                ParkedKey(
                    consumer=key["consumer"],
                    topic=key["topic"],
                    tenant=UUID(key["tenant"]),
                    key=UUID(key["key"]),
                    events=len(events),
                    first_version=events[0]["version"],
                    last_version=events[-1]["version"],
                    error=key["error"],
                    gap=key["gap"],
                    since=key["since"],
                )
            )
    return shown


async def parked_events(
    database: MongoDatabase, consumer: str, topic: str, key: Key
) -> list[bytes]:
    """As `chassis.parking.parked_events`."""
    place = place_of(consumer, topic, key)
    events = await database["parked"].find({"place": place}, order=[("version", 1)])
    return [event["body"].encode() for event in events]
