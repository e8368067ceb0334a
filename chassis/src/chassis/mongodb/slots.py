"""The relays' slots and their leases on MongoDB.

The time is the server's, asked for a little before: a lease is taken only when it
was over by then, and lasts rather shorter than longer. Each slot is a document,
taken by one update that checks that it is free.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from chassis.mongodb.database import AlreadyThere, MongoDatabase
from chassis.storage import Slot, slots_of
from chassis.transactions import uuid7
from events.topics import Topic

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_FREE = {"owner": None, "until": _LONG_AGO}


class MongoSlots:
    """One relay's leases."""

    def __init__(self, database: MongoDatabase, topics: Sequence[Topic], lease: timedelta) -> None:
        self._database = database
        self._slots = slots_of(topics)
        self._lease = lease
        self._owner = str(uuid7())
        self._declared = False
        self.share = 0

    async def renew(self, yielding: Collection[Slot]) -> tuple[list[Slot], list[Slot]]:
        now = await self._database.clock()
        await self._declare_slots()
        self.share = await self._share(now)
        slots, lease = self._database["relay_slot"], {"until": now + self._lease}
        given = {"_id": {"$in": [_id(slot) for slot in yielding]}, "owner": self._owner}
        await slots.update_many(given, {"$set": _FREE})
        await slots.update_many({"owner": self._owner}, {"$set": lease})
        kept = await self._owned()
        if len(kept) >= self.share:
            return kept, []
        free = self._is_over(now)
        found = await slots.find(
            free, order=[("topic", 1), ("slot", 1)], limit=self.share - len(kept)
        )
        # Each is taken only if it is free still.
        wanted = {"_id": {"$in": [slot["_id"] for slot in found]}, **free}
        await slots.update_many(wanted, {"$set": {"owner": self._owner, **lease}})
        taken = [slot for slot in await self._owned() if slot not in kept]
        return kept, taken

    async def release(self) -> None:
        await self._database["relay_slot"].update_many({"owner": self._owner}, {"$set": _FREE})
        await self._database["relay_member"].delete({"_id": self._owner})

    async def _declare_slots(self) -> None:
        if self._declared:
            return
        for slot in self._slots:
            with suppress(AlreadyThere):
                await self._database["relay_slot"].insert({"_id": _id(slot), **_unowned(slot)})
        self._declared = True

    async def _share(self, now: datetime) -> int:
        """How many slots each of the relays that are alive may hold."""
        members = self._database["relay_member"]
        until = {"$set": {"until": now + self._lease}}
        await members.update({"_id": self._owner}, until, upsert=True)
        await members.delete(self._is_over(now))
        return -(-len(self._slots) // max(await members.count({}), 1))

    def _is_over(self, now: datetime) -> dict[str, Any]:
        """That a lease has ended, or was given before the server's clock was set back."""
        return {"$or": [{"until": {"$lt": now}}, {"until": {"$gt": now + 2 * self._lease}}]}

    async def _owned(self) -> list[Slot]:
        found = await self._database["relay_slot"].find({"owner": self._owner})
        return sorted((slot["topic"], slot["slot"]) for slot in found)


async def fallen(database: MongoDatabase, generation: str, ends: Mapping[Slot, int]) -> set[Slot]:
    """The slots that end below where they ended before in `generation`; notes higher ends."""
    known = {
        (slot["topic"], slot["slot"]): slot["high_water"]
        for slot in await database["relay_slot"].find({"generation": generation})
    }
    for slot, end in ends.items():
        if known.get(slot, end - 1) < end:
            noted = {"generation": generation, "high_water": end}
            change = {"$set": noted, "$setOnInsert": _unowned(slot)}
            await database["relay_slot"].update({"_id": _id(slot)}, change, upsert=True)
    return {slot for slot, end in ends.items() if known.get(slot, end) > end}


def _unowned(slot: Slot) -> dict[str, Any]:
    topic, number = slot
    return {"topic": topic, "slot": number, **_FREE}


def in_slots(slots: Collection[Slot]) -> dict[str, Any]:
    """That a row of the journal goes to one of these slots."""
    numbers: dict[str, list[int]] = {}
    for topic, number in sorted(slots):
        numbers.setdefault(topic, []).append(number)
    return {
        "$or": [{"topic": topic, "slot": {"$in": of_topic}} for topic, of_topic in numbers.items()]
    }


def _id(slot: Slot) -> str:
    return f"{slot[0]}/{slot[1]}"
