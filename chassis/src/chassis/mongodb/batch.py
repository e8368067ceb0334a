"""A batch of a consumer on MongoDB: steps in an order in which a crash loses nothing.

First the effects, each of which a repetition leaves as it is; then `applied`, so
that there is no repetition; last what waited is taken out. A turn keeps the
batches of a consumer apart.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

from chassis.decoding import AnyEvent, Delivery
from chassis.inbox import Replica
from chassis.mongodb.database import AlreadyThere, MongoDatabase
from chassis.mongodb.erasure import forget_waiting
from chassis.mongodb.names import text_of
from chassis.mongodb.parking import MongoParking, place_of
from chassis.mongodb.transaction import DocumentTransaction
from chassis.mongodb.turns import Turn
from chassis.mongodb.writing import flush
from chassis.parking import Key
from chassis.transactions import By, now


class MongoBatch:
    """What one batch of a consumer does, while it holds its turn."""

    def __init__(self, database: MongoDatabase, consumer: str, turn: Turn) -> None:
        self.parking = MongoParking(database, consumer)
        self._database = database
        self._consumer = consumer
        self._turn = turn

    async def keep(self, replica: Replica, events: Sequence[AnyEvent]) -> None:
        if replica.apply_documents is None:
            raise TypeError(f"{replica.aggregate.topic.name} is not kept on MongoDB")
        await replica.apply_documents(self._database, events)

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        """Nothing to undo: a reaction that fails has written nothing, a replica can repeat."""
        yield

    @asynccontextmanager
    async def reacting(self, by: By, event: AnyEvent) -> AsyncIterator[DocumentTransaction]:
        transaction = DocumentTransaction(self._database, by, event.id)
        async with transaction.kept.turns:
            yield transaction
            await flush(transaction)

    async def applied(self, topic: str, keys: list[Key]) -> dict[Key, int]:
        places = {place_of(self._consumer, topic, key): key for key in keys}
        found = await self._database["applied"].find({"_id": {"$in": list(places)}})
        return {places[applied["_id"]]: applied["version"] for applied in found}

    async def mark(self, topic: str, newest: Mapping[Key, AnyEvent]) -> bool:
        return await self._mark(
            topic, {key: event.aggregateversion for key, event in newest.items()}
        )

    async def _mark(self, topic: str, newest: Mapping[Key, int]) -> bool:
        if not self._turn.is_held:
            return False
        for key, version in newest.items():
            at = {"_id": place_of(self._consumer, topic, key), "version": {"$lt": version}}
            try:
                await self._database["applied"].update(
                    at, {"$set": {"version": version}}, upsert=True
                )
            except AlreadyThere:
                return False
        return True

    async def skip(self, topic: str, key: Key, version: int) -> None:
        await self._mark(topic, {key: version})

    async def keep_undecodable(self, generation: str, delivery: Delivery, error: str) -> None:
        place = (generation, delivery.topic, str(delivery.partition), str(delivery.offset))
        with suppress(AlreadyThere):
            await self._database["undecodable"].insert(
                {
                    "_id": text_of(self._consumer, *place),
                    "consumer": self._consumer,
                    "topic": delivery.topic,
                    "partition": delivery.partition,
                    "offset": delivery.offset,
                    "value": delivery.value,
                    "error": error[:2_000],
                    "parked_at": now(),
                }
            )

    async def forget(self, topic: str, events: Sequence[AnyEvent]) -> None:
        await forget_waiting(self._database, self._consumer, topic, events)
