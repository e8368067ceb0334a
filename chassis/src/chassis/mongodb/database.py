"""One MongoDB client, and the few operations that the stores are made of.

The only place that calls the driver: what can be waited out arrives as
`StoreAway`, an `_id` that is taken as `AlreadyThere`. No operation spans documents
in one transaction; each is one command.
"""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeAlias, TypeVar

from pymongo import AsyncMongoClient, ReadPreference, ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    DuplicateKeyError,
    ExecutionTimeout,
    OperationFailure,
    WTimeoutError,
)
from pymongo.read_concern import ReadConcern

from events.topics import Topic

Document: TypeAlias = dict[str, Any]
Where: TypeAlias = Mapping[str, Any]

LONGEST_OPERATION_MS = 5_000
"""The server gives up a command after so long; the driver, with its retries, too."""

Item = TypeVar("Item")
Result = TypeVar("Result")

_PAGE = 1_000
_AT_ONCE = 16
_DUPLICATE_KEY = 11_000
_PASSING_CODES = frozenset(
    # Interrupted, not primary, shutting down, write concern not (yet) fulfilled, and the like.
    {6, 7, 24, 64, 89, 91, 112, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436}
)


class StoreAway(ConnectionError):
    """MongoDB did not answer, or not in time: a later try may fare better.

    A write may have happened all the same; the version check of a repetition finds out.
    """


class AlreadyThere(Exception):
    """A document has this `_id` already."""


class Documents:
    """One collection."""

    def __init__(self, collection: AsyncCollection[Document]) -> None:
        self._collection = collection

    async def find(
        self,
        where: Where,
        *,
        fields: Sequence[str] = (),
        order: Sequence[tuple[str, int]] = (),
        limit: int = 0,
    ) -> list[Document]:
        """The documents that match, with these fields of theirs (all when none is named)."""
        with _translated():
            cursor = self._collection.find(where, list(fields) or None, limit=limit)
            return await (cursor.sort(list(order)) if order else cursor).to_list()

    async def find_one(self, where: Where, *, fields: Sequence[str] = ()) -> Document | None:
        found = await self.find(where, fields=fields, limit=1)
        return found[0] if found else None

    async def pages(self, where: Where, *, fields: Sequence[str]) -> AsyncIterator[list[Document]]:
        """All documents that match, a thousand at a time, in the order of `_id`."""
        after: Any = None
        while True:
            beyond = {} if after is None else {"_id": {"$gt": after}}
            page = await self.find({**where, **beyond}, fields=fields, order=_BY_ID, limit=_PAGE)
            if page:
                yield page
            if len(page) < _PAGE:
                return
            after = page[-1]["_id"]

    async def count(self, where: Where) -> int:
        with _translated():
            return await self._collection.count_documents(where)

    async def insert(self, document: Document) -> None:
        """Raises `AlreadyThere`."""
        with _translated():
            await self._collection.insert_one(document)

    async def insert_in_order(self, documents: Sequence[Document]) -> int:
        """How many were inserted, up to the first whose `_id` is taken."""
        with _translated():
            try:
                await self._collection.insert_many(documents, ordered=True)
            except BulkWriteError as error:
                failed = error.details["writeErrors"]
                if not failed:
                    raise StoreAway(str(error)) from error
                if failed[0]["code"] != _DUPLICATE_KEY:
                    raise
                return int(failed[0]["index"])
        return len(documents)

    async def update(self, where: Where, change: Where, *, upsert: bool = False) -> bool:
        """Change the one document that matches; whether there was one, or it was made.

        With `upsert`, raises `AlreadyThere` when the `_id` exists and the rest does not match.
        """
        with _translated():
            done = await self._collection.update_one(where, change, upsert=upsert)
        return done.matched_count > 0 or done.did_upsert

    async def update_many(self, where: Where, change: Where) -> int:
        """How many matched; each is changed on its own."""
        with _translated():
            return (await self._collection.update_many(where, change)).matched_count

    async def changed(self, where: Where, change: Where) -> Document:
        """The document after the change; it is made when there is none."""
        with _translated():
            document: Document | None = await self._collection.find_one_and_update(
                where, change, upsert=True, return_document=ReturnDocument.AFTER
            )
        assert document is not None, "it is made when there is none"
        return document

    async def delete(self, where: Where) -> int:
        """How many there were."""
        with _translated():
            return (await self._collection.delete_many(where)).deleted_count

    async def index(self, *fields: tuple[str, int], sparse: bool = False) -> None:
        """Make an index, unless it is there."""
        with _translated():
            await self._collection.create_index(list(fields), sparse=sparse)

    def unconfirmed(self) -> Documents:
        """The same, reading also what only the primary has so far."""
        return Documents(self._collection.with_options(read_concern=ReadConcern("local")))


_BY_ID = (("_id", 1),)


class MongoDatabase:
    """The client of one process for one database, whose owner publishes `topics`."""

    def __init__(self, url: str, connections: int, topics: Sequence[Topic] = ()) -> None:
        self.kinds = {topic.name: topic.name.rpartition(".")[2] for topic in topics}
        self._client: AsyncMongoClient[Document] = AsyncMongoClient(
            url,
            # What is acknowledged survives the loss of the primary, and what is read cannot be
            # undone by it: an event of a write that was rolled back would be told for ever.
            w="majority",
            journal=True,
            readConcernLevel="majority",
            timeoutMS=LONGEST_OPERATION_MS,
            maxPoolSize=connections,
            tz_aware=True,
            appname="meridian",
        )
        self._database = self._client.get_default_database()

    async def open(self) -> None:
        """Connect; raises `StoreAway`."""
        await self.ping()

    async def close(self) -> None:
        await self._client.close()

    def __getitem__(self, collection: str) -> Documents:
        return Documents(self._database[collection])

    async def ping(self) -> None:
        with _translated():
            await self._database.command("ping")

    async def clock(self) -> datetime:
        """The time of the primary, a little ago."""
        with _translated():
            answer = await self._client.admin.command(
                "hello", read_preference=ReadPreference.PRIMARY
            )
        moment: datetime = answer["localTime"]
        return moment.replace(tzinfo=UTC)

    async def collections(self) -> list[str]:
        with _translated():
            return sorted(await self._database.list_collection_names())

    async def drop(self) -> None:
        """Forget everything."""
        with _translated():
            await self._client.drop_database(self._database.name)


async def side_by_side(
    call: Callable[[Item], Awaitable[Result]], items: Iterable[Item]
) -> list[Result]:
    """What `call` makes of each of `items`, a few at a time.

    When one fails the others are still done, and the first failure is raised then.
    """
    places = asyncio.Semaphore(_AT_ONCE)

    async def called(item: Item) -> Result:
        async with places:
            return await call(item)

    done = await asyncio.gather(*map(called, items), return_exceptions=True)
    results: list[Result] = []
    for result in done:
        if isinstance(result, BaseException):
            raise result
        results.append(result)
    return results


@contextmanager
def _heeding_cancellation() -> Iterator[None]:
    """Let no cancellation of the task that comes in the block be lost.

    `asyncio.wait_for`, with which the driver sends, returns as if nothing had been
    asked when what it waits for is done at that moment (until Python 3.12).
    """
    task = asyncio.current_task()
    before = task.cancelling() if task is not None else 0
    try:
        yield
    finally:
        if task is not None and task.cancelling() > before:
            raise asyncio.CancelledError


@contextmanager
def _translated() -> Iterator[None]:
    try:
        with _heeding_cancellation():
            yield
    except DuplicateKeyError as error:
        raise AlreadyThere(str(error)) from error
    except (ConnectionFailure, ExecutionTimeout, WTimeoutError) as error:
        raise StoreAway(str(error)) from error
    except OperationFailure as error:
        if error.code in _PASSING_CODES or error.has_error_label("RetryableWriteError"):
            raise StoreAway(str(error)) from error
        raise
