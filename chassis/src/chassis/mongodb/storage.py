"""What the chassis asks of a service's MongoDB."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.mongodb import answers, parking
from chassis.mongodb.batch import MongoBatch
from chassis.mongodb.collecting import collect_pending, recorded_times
from chassis.mongodb.database import AlreadyThere, Document, MongoDatabase
from chassis.mongodb.names import row_id, text_of
from chassis.mongodb.slots import MongoSlots, fallen, in_slots
from chassis.mongodb.transaction import DocumentTransaction
from chassis.mongodb.turns import turn
from chassis.mongodb.writing import flush
from chassis.parking import ParkedKey
from chassis.replay import Wanted
from chassis.storage import Answer, Place, Slot
from chassis.transactions import By, Transaction
from events.topics import Topic

_UNSETTLED = timedelta(seconds=1)
"""A write is there for whoever looks so long after its time at the latest."""

_DAY = timedelta(days=1)


class MongoStorage:
    """The client of one process, as the chassis uses it."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    async def ping(self) -> None:
        await self._database.ping()

    async def keep_house(self, remembered: timedelta) -> None:
        """Forget old idempotency keys."""
        forgotten = await self._database.clock() - remembered
        await self._database["idempotency_key"].delete({"created": {"$lt": forgotten}})

    # -- commands -----------------------------------------------------------------

    @asynccontextmanager
    async def transaction(self, by: By) -> AsyncIterator[Transaction]:
        transaction = DocumentTransaction(self._database, by)
        async with transaction.kept.turns:
            try:
                yield transaction
                answer = transaction.kept.answer
                took_along = await flush(transaction, answer)
                for step in transaction.kept.last:
                    await step()
                if answer is not None and not took_along:
                    await answers.remember(transaction, answer)
            except Exception as error:
                await answers.undone(transaction, error)
                raise

    async def claim(self, transaction: Transaction, key: str, request: bytes) -> Answer | None:
        assert isinstance(transaction, DocumentTransaction)
        return await answers.claim(transaction, key, request)

    async def remember(self, transaction: Transaction, key: str, answer: Answer) -> None:  # noqa: ARG002
        """The last write of the transaction takes the answer along."""
        assert isinstance(transaction, DocumentTransaction)
        transaction.kept.answer = answer

    # -- outbox and journal ---------------------------------------------------------

    def slots(self, topics: Sequence[Topic], lease: timedelta) -> MongoSlots:
        return MongoSlots(self._database, topics, lease)

    async def next_rows(
        self, of: Collection[Slot], most: int, under_way: Sequence[int] = ()
    ) -> list[Document]:
        numbers: dict[str, list[int]] = {}
        for topic, number in of:
            numbers.setdefault(topic, []).append(number)
        await collect_pending(self._database, numbers, most)
        unsent = {"waiting": True, "position": {"$nin": list(under_way)}, **in_slots(of)}
        rows = await self._database["journal"].find(unsent, order=[("position", 1)], limit=most)
        return [{**row, "body": row["body"].encode()} for row in rows]

    async def acknowledged(self, positions: Sequence[int], generation: str) -> None:
        sent = {"position": {"$in": list(positions)}, "$or": _queued_by(generation)}
        await self._database["journal"].update_many(sent, {"$unset": {"waiting": ""}})

    async def queue_newest(self, keys: Sequence[tuple[Any, Any]]) -> None:
        for tenant, subject in keys:
            newest = await self._database["journal"].find(
                {"tenant": tenant, "subject": subject}, order=[("version", -1)], limit=1
            )
            await self._queue({"_id": {"$in": [row["_id"] for row in newest]}})

    async def waiting(self) -> tuple[int, float]:
        """Documents with events count as one each."""
        count = await self._database["journal"].count({"waiting": True})
        oldest = [await self._oldest_in_journal()]
        for kind in self._database.kinds.values():
            pending = {"pending": True}
            count += await self._database[kind].count(pending)
            first = await self._database[kind].find(
                pending, fields=("recorded",), order=[("recorded", 1)], limit=1
            )
            oldest += [document["recorded"] for document in first]
        times = [time for time in oldest if time is not None]
        if not times:
            return count, 0.0
        age = (await self._database.clock() - min(times)).total_seconds()
        return count, max(age, 0.0)

    async def _oldest_in_journal(self) -> datetime | None:
        found = await self._database["journal"].find(
            {"waiting": True}, fields=("recordedtime",), order=[("recordedtime", 1)], limit=1
        )
        return found[0]["recordedtime"] if found else None

    async def tide(self) -> datetime:
        """Up to when everything that was committed is acknowledged.

        A write has its time from the server and can be seen soon after. So the tide
        stays a little behind the clock, and behind all that waits: in documents
        first, then in the journal, because it moves from there to here.
        """
        tide = await self._database.clock() - _UNSETTLED
        for kind in self._database.kinds.values():
            documents = self._database[kind].unconfirmed()
            async for page in documents.pages({"pending": True}, fields=_TIMES):
                tide = min([tide, *(time for d in page for time in recorded_times(d))])
        oldest = await self._oldest_in_journal()
        return tide if oldest is None else min(tide, oldest)

    async def fallen(self, generation: str, ends: Mapping[Slot, int]) -> set[Slot]:
        return await fallen(self._database, generation, ends)

    async def refill(self, generation: str) -> int:
        """Queue what a generation must remember; 0 when it is the one that was filled last.

        Queueing can be repeated, so the generation is remembered after it. Each row says for
        which generation it was queued, so that a relay that was frozen in a former one takes
        none away. The documents, also of what is gone, say which rows are the newest.
        """
        async with turn(self._database, "refill"):
            generations = self._database["generation"]
            newest = await generations.find({}, order=[("begun", -1)], limit=1)
            if newest and newest[0]["_id"] == generation:
                return 0
            await collect_pending(self._database)
            now = await self._database.clock()
            mine = {"generation": generation}
            await self._database["journal"].update_many({"waiting": True}, {"$set": mine})
            queued = await self._queue({"recordedtime": {"$gt": now - _DAY}}, **mine)
            for kind in self._database.kinds.values():
                async for page in self._database[kind].pages({}, fields=("version",)):
                    ids = [row_id(document["_id"], document["version"]) for document in page]
                    queued += await self._queue({"_id": {"$in": ids}}, **mine)
            await generations.update({"_id": generation}, {"$set": {"begun": now}}, upsert=True)
            return queued

    async def _queue(self, where: Document, **noted: str) -> int:
        """How many rows that did not wait do so now."""
        idle = {**where, "waiting": {"$ne": True}}
        change = {"$set": {"waiting": True, **noted}}
        return await self._database["journal"].update_many(idle, change)

    async def last_position(self) -> int:
        await collect_pending(self._database)
        counter = await self._database["counter"].find_one({"_id": "journal"})
        return 0 if counter is None else int(counter["value"])

    async def journal_rows(
        self, wanted: Wanted, after: int, last: int, most: int
    ) -> list[Document]:
        where: dict[str, Any] = {
            "position": {"$gt": after, "$lte": last},
            "topic": {"$in": list(wanted.topics)},
        }
        if wanted.tenant is not None:
            where["tenant"] = str(wanted.tenant)
        if wanted.key is not None:
            where["subject"] = str(wanted.key)
        if wanted.since is not None:
            where["recordedtime"] = {"$gte": wanted.since}
        return await self._database["journal"].find(where, order=[("position", 1)], limit=most)

    # -- consumers ------------------------------------------------------------------

    @asynccontextmanager
    async def batch(self, consumer: str) -> AsyncIterator[MongoBatch]:
        async with turn(self._database, f"consumer {consumer}") as held:
            batch = MongoBatch(self._database, consumer, held)
            yield batch
            await batch.parking.finish()

    async def note_progress(self, consumer: str, reached: Mapping[Place, datetime]) -> None:
        for (topic, partition), as_of in reached.items():
            place = {"_id": text_of(consumer, topic, str(partition)), "as_of": {"$lt": as_of}}
            try:
                await self._database["projection"].update(
                    place, {"$set": {"consumer": consumer, "as_of": as_of}}, upsert=True
                )
            except AlreadyThere:
                continue

    async def progress(self, consumer: str) -> tuple[datetime | None, int]:
        oldest = await self._database["projection"].find(
            {"consumer": consumer}, order=[("as_of", 1)], limit=1
        )
        parked = await self._database["parked_key"].count({"consumer": consumer})
        return (oldest[0]["as_of"] if oldest else None), parked

    async def parked_keys(self, tenant: UUID | None, most: int) -> list[ParkedKey]:
        return await parking.parked_keys(self._database, tenant, most)

    async def parked_events(
        self, consumer: str, topic: str, tenant: UUID, key: UUID
    ) -> list[bytes]:
        return await parking.parked_events(self._database, consumer, topic, (tenant, key))


_TIMES = ("recorded", "outbox.previous")


def _queued_by(generation: str) -> list[Document]:
    """That a row was queued in this generation, or by no refill."""
    return [{"generation": generation}, {"generation": {"$exists": False}}]
