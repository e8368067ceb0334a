"""A store that fails in the middle: what tests of crashes interrupt, request by request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import asyncpg

from chassis.mongodb.database import Documents, MongoDatabase, StoreAway
from chassis.storage import AnyDatabase


class Interruption:
    """Counts what is asked of a store to change, and lets one of it fail."""

    def __init__(self, place: int) -> None:
        self.place = place
        self.count = 0

    @property
    def happened(self) -> bool:
        return self.count >= self.place

    def is_next(self) -> bool:
        self.count += 1
        return self.count == self.place


_OF_MONGODB = ("insert", "insert_in_order", "update", "update_many", "changed", "delete")
_OF_POSTGRES = ("execute", "executemany", "fetch", "fetchrow", "fetchval")


@contextmanager
def failing_at(database: AnyDatabase, place: int) -> Iterator[Interruption]:
    """Let the store go away with its request number `place`, from 1 on.

    The request has its effect, and its answer is lost. On MongoDB those count that
    change something; on PostgreSQL any statement, because it ends the transaction.
    """
    interruption = Interruption(place)
    on_mongodb = isinstance(database, MongoDatabase)
    owner: type[Any] = Documents if on_mongodb else asyncpg.Connection
    error = StoreAway("cut off") if on_mongodb else asyncpg.ConnectionDoesNotExistError("cut off")

    def interrupted(method: Any) -> Any:
        async def call(self: Any, *arguments: Any, **named: Any) -> Any:
            is_next = interruption.is_next()
            answer = await method(self, *arguments, **named)
            if is_next:
                raise error
            return answer

        return call

    names = _OF_MONGODB if on_mongodb else _OF_POSTGRES
    replaced = {name: interrupted(getattr(owner, name)) for name in names}
    with mock.patch.multiple(owner, **replaced):
        yield interruption
