"""Commands that only save: one round trip each, and one statement for those at the same time.

Most commands that make something new read nothing and save one aggregate. For them a
transaction of their own would be four round trips to say one thing. So a transaction
takes a connection when it is first used (`Opening`); what was saved before that waits.
When it ends with nothing but one saving, that is a statement by itself, and commands that come
while another such statement is under way share the next one (`Savings`).

Each command still succeeds or fails alone: one that loses its version check is not among
the rows that come back, and when the statement fails each is tried by itself.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg

from chassis.database import PASSING_FAILURES, Connection, Database
from chassis.problems import VersionLost

_MOST_TOGETHER = 200


@dataclass(frozen=True, slots=True)
class Saving:
    """One aggregate to be saved with its event.

    `statement` takes the values `shared`, an array for each value of `row`, which begins with the
    aggregate's id, and then `rest`. It returns the `subject` of each row that was saved.
    """

    statement: str
    shared: tuple[Any, ...]
    row: tuple[Any, ...]
    rest: tuple[Any, ...]

    @property
    def id(self) -> UUID:
        id: UUID = self.row[0]
        return id


async def saved_together(connection: Connection, savings: Sequence[Saving]) -> set[UUID]:
    """Save in one statement what has the statement, `shared` and `rest` in common; the ids saved.

    No id may be there twice.
    """
    first, *_ = savings = sorted(savings, key=lambda saving: saving.id)
    columns = map(list, zip(*(saving.row for saving in savings), strict=True))
    rows = await connection.fetch(first.statement, *first.shared, *columns, *first.rest)
    return {row["subject"] for row in rows}


async def begun(connection: Connection | Opening) -> None:
    """See that the transaction has begun, for whoever looks at how its savings fail."""
    if isinstance(connection, Opening):
        await connection.begin()


def lost() -> VersionLost:
    """What is raised for an aggregate that was not at the version before."""
    return VersionLost("the record has changed meanwhile: load it and try again")


_Kind: TypeAlias = tuple[str, tuple[Any, ...]]
_Waiting: TypeAlias = tuple[Saving, "asyncio.Future[None]"]


class Savings:
    """What the commands of one process save, each by itself in effect."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: defaultdict[_Kind, list[_Waiting]] = defaultdict(list)
        self._working: dict[_Kind, asyncio.Task[None]] = {}

    async def save(self, saving: Saving) -> None:
        """Return when `saving` is committed; raises `VersionLost`, or what the database says.

        All that wait for the same statement must have the same `rest`.
        """
        kind = (saving.statement, saving.shared)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[kind].append((saving, done))
        if kind not in self._working:
            self._working[kind] = asyncio.create_task(self._work(kind))
        await done

    async def _work(self, kind: _Kind) -> None:
        try:
            while batch := self._next(kind):
                await self._commit(batch)
        finally:
            del self._working[kind]
            for _, done in self._waiting.pop(kind, ()):
                done.cancel()

    def _next(self, kind: _Kind) -> list[_Waiting]:
        """Those that waited longest, none of them about the same aggregate as another."""
        batch: dict[UUID, _Waiting] = {}
        later: list[_Waiting] = []
        for saving, done in self._waiting[kind]:
            if done.done():
                continue
            if saving.id in batch or len(batch) == _MOST_TOGETHER:
                later.append((saving, done))
            else:
                batch[saving.id] = (saving, done)
        self._waiting[kind] = later
        return list(batch.values())

    async def _commit(self, batch: list[_Waiting]) -> None:
        try:
            async with self._database.pool.acquire() as connection:
                saved = await saved_together(connection, [saving for saving, _ in batch])
        except Exception as error:  # noqa: BLE001 - it is told to those who wait
            if len(batch) > 1 and not isinstance(error, PASSING_FAILURES):
                for waiting in batch:
                    await self._commit([waiting])
                return
            for _, done in batch:
                _tell(done, error)
        except BaseException:
            for _, done in batch:
                done.cancel()
            raise
        else:
            for saving, done in batch:
                _tell(done, None if saving.id in saved else lost())


def _tell(done: asyncio.Future[None], error: Exception | None) -> None:
    """Let whoever waits go on, unless they have gone already."""
    if done.done():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)


class Opening:
    """The connection of a transaction, which is taken, and the transaction begun, at first use."""

    def __init__(self, database: Database, stack: AsyncExitStack) -> None:
        self._database = database
        self._stack = stack
        self._connection: Connection | None = None
        self._waiting: list[Saving] = []

    async def begin(self) -> None:
        """Take the connection now: what is saved from here on is refused where it is saved."""
        await self._opened()

    def puts_off(self, saving: Saving) -> bool:
        """Whether `saving` can wait for the end, or for what is done next."""
        if self._connection is None:
            self._waiting.append(saving)
            return True
        return False

    async def fetch(self, *arguments: Any, **named: Any) -> list[asyncpg.Record]:
        return await (await self._opened()).fetch(*arguments, **named)

    async def fetchrow(self, *arguments: Any, **named: Any) -> asyncpg.Record | None:
        row: asyncpg.Record | None = await (await self._opened()).fetchrow(*arguments, **named)
        return row

    async def fetchval(self, *arguments: Any, **named: Any) -> Any:
        return await (await self._opened()).fetchval(*arguments, **named)

    async def execute(self, *arguments: Any, **named: Any) -> str:
        return await (await self._opened()).execute(*arguments, **named)

    async def executemany(self, *arguments: Any, **named: Any) -> None:
        await (await self._opened()).executemany(*arguments, **named)

    async def finish(self, savings: Savings) -> None:
        """Save what still waits; what has been begun is committed by whoever holds the stack."""
        if self._connection is None and len(self._waiting) == 1:
            await savings.save(self._waiting[0])
        elif self._waiting:
            await self._opened()

    async def _opened(self) -> Connection:
        if self._connection is None:
            connection = await self._stack.enter_async_context(self._database.pool.acquire())
            await self._stack.enter_async_context(connection.transaction())
            self._connection = connection
            waiting, self._waiting = self._waiting, []
            for saving in waiting:
                if not await saved_together(connection, [saving]):
                    raise lost()
        return self._connection


@asynccontextmanager
async def opening(database: Database, savings: Savings) -> AsyncIterator[Opening]:
    """A transaction for the block, as lazy as it can be; commits when that ends well."""
    async with AsyncExitStack() as stack:
        connection = Opening(database, stack)
        yield connection
        await connection.finish(savings)
