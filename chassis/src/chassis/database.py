"""One asyncpg pool, and SQLAlchemy Core for composing what is read.

Commands and batches speak SQL to asyncpg directly: it is several times faster
than going through SQLAlchemy's execution. Reads compose `select` statements,
so that access predicates and filters can be added, and are compiled here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import asyncpg
from sqlalchemy import SelectBase
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect

_DIALECT = asyncpg_dialect()  # type: ignore[no-untyped-call]

Connection: TypeAlias = (
    "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
)

PASSING_FAILURES = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.TransactionRollbackError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.exceptions.InternalClientError,
)
"""What a later try may not meet again: the store is away, full, restarting, or a deadlock."""


def compiled(statement: SelectBase) -> tuple[str, list[Any]]:
    """SQL text with `$n` places, and the arguments in their order."""
    built = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    names = built.positiontup or []
    return str(built), [built.params[name] for name in names]


async def _as_it_is(connection: Connection) -> None:
    """Give a connection back without a round trip.

    Nothing is set, listened to or locked beyond a transaction here, and what is still open of
    one asyncpg rolls back itself.
    """


class Database:
    """The pool of one process. Use as an async context manager."""

    def __init__(self, url: str, connections: int) -> None:
        self._url = url
        self._connections = connections
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    async def open(self) -> None:
        """Connect; raises OSError or `asyncpg.PostgresError` when the server cannot be had."""
        self._pool = await asyncpg.create_pool(
            self._url,
            min_size=1,
            max_size=self._connections,
            reset=_as_it_is,
            server_settings={"jit": "off", "timezone": "UTC"},
        )

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.close()

    @property
    def pool(self) -> asyncpg.Pool[asyncpg.Record]:
        if self._pool is None:
            raise RuntimeError("the database is not open")
        return self._pool

    async def fetch(self, statement: SelectBase) -> list[asyncpg.Record]:
        sql, arguments = compiled(statement)
        return await self.pool.fetch(sql, *arguments)

    async def fetch_one(self, statement: SelectBase) -> asyncpg.Record | None:
        sql, arguments = compiled(statement)
        return await self.pool.fetchrow(sql, *arguments)


@asynccontextmanager
async def planned_anew(database: Database) -> AsyncIterator[Connection]:
    """A snapshot whose statements are planned for their arguments each time.

    For those that read a range: a plan for any range at all would read the whole table.
    """
    async with (
        database.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        await connection.execute("set local plan_cache_mode = force_custom_plan")
        yield connection


async def fetch(connection: Connection, statement: SelectBase) -> Sequence[asyncpg.Record]:
    """The rows of `statement`, read inside the transaction of `connection`."""
    sql, arguments = compiled(statement)
    return await connection.fetch(sql, *arguments)
