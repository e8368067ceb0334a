"""What tests look up behind a service's back: its journal, what waits, what still stands where."""

from __future__ import annotations

from typing import Any, Protocol
from uuid import UUID

from chassis.access import place_department
from chassis.database import Database
from chassis.mongodb import reaches
from chassis.storage import AnyDatabase

STORES = ("postgresql", "mongodb")
"""The kinds of databases that a service may run on."""


class Records(Protocol):
    """The records of one database."""

    async def place(self, tenant: UUID, path: tuple[UUID, ...], time_zone: str) -> None:
        """Let the service know a department: the last of `path`, below the others."""

    async def journal(self, tenant: UUID) -> list[str]:
        """The bodies of every event the service has journalled for `tenant`, in order."""

    async def unsent(self, tenant: UUID) -> list[str]:
        """The bodies of those that wait to be sent."""

    async def all_are_sent(self) -> None:
        """Let nothing wait to be sent any more."""

    async def parked(self, tenant: UUID) -> list[str]:
        """Why keys of `tenant` wait for an operator, one text for each."""

    async def where_it_stands(self, *marks: str) -> list[str]:
        """Where one of `marks` stands, in any field, whatever its case; bytes are read as text."""


class PostgresRecords:
    """Tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def place(self, tenant: UUID, path: tuple[UUID, ...], time_zone: str) -> None:
        async with self._database.pool.acquire() as connection:
            await place_department(
                connection, tenant=tenant, id=path[-1], version=1, path=path, time_zone=time_zone
            )

    async def journal(self, tenant: UUID) -> list[str]:
        rows = await self._database.pool.fetch(
            "select body from journal where tenant = $1 order by position", tenant
        )
        return [row["body"] for row in rows]

    async def unsent(self, tenant: UUID) -> list[str]:
        rows = await self._database.pool.fetch(
            """select body from journal join outbox using (position)
               where tenant = $1 order by position""",
            tenant,
        )
        return [row["body"] for row in rows]

    async def all_are_sent(self) -> None:
        await self._database.pool.execute("delete from outbox")

    async def parked(self, tenant: UUID) -> list[str]:
        rows = await self._database.pool.fetch(
            "select error from parked_key where tenant = $1 order by topic, since, key", tenant
        )
        return [row["error"] for row in rows]

    async def where_it_stands(self, *marks: str) -> list[str]:
        return await where_it_stands(self._database.pool, *marks)


class MongoRecords:
    """Collections."""

    def __init__(self, database: AnyDatabase) -> None:
        from chassis.mongodb.documents import mongodb

        self._database = mongodb(database)

    async def place(self, tenant: UUID, path: tuple[UUID, ...], time_zone: str) -> None:
        await reaches.place_department(
            self._database, tenant=tenant, id=path[-1], version=1, path=path, time_zone=time_zone
        )

    async def journal(self, tenant: UUID) -> list[str]:
        return await self._bodies({"tenant": str(tenant)})

    async def unsent(self, tenant: UUID) -> list[str]:
        return await self._bodies({"tenant": str(tenant), "waiting": True})

    async def _bodies(self, where: dict[str, Any]) -> list[str]:
        from chassis.mongodb.collecting import collect_pending

        await collect_pending(self._database)
        rows = await self._database["journal"].find(where, order=[("position", 1)])
        return [row["body"] for row in rows]

    async def all_are_sent(self) -> None:
        await self._bodies({})
        await self._database["journal"].update_many({}, {"$unset": {"waiting": ""}})

    async def parked(self, tenant: UUID) -> list[str]:
        keys = await self._database["parked_key"].find(
            {"tenant": str(tenant)}, order=[("topic", 1), ("since", 1), ("key", 1)]
        )
        return [key["error"] for key in keys]

    async def where_it_stands(self, *marks: str) -> list[str]:
        found = []
        for name in await self._database.collections():
            text = " ".join(_texts(await self._database[name].find({}))).lower()
            if any(mark.lower() in text for mark in marks):
                found.append(name)
        return found


def _texts(value: Any) -> list[str]:
    """Every text in a value, with the names of fields."""
    match value:
        case dict():
            return [text for pair in value.items() for part in pair for text in _texts(part)]
        case list():
            return [text for item in value for text in _texts(item)]
        case bytes():
            return [value.decode(errors="replace")]
        case _:
            return [str(value)]


async def forget_mongodb(url: str) -> None:
    """Drop a database of a MongoDB."""
    from chassis.mongodb.database import MongoDatabase

    database = MongoDatabase(url, 1)
    await database.drop()
    await database.close()


def records_of(database: AnyDatabase) -> Records:
    """The records of `database`."""
    return PostgresRecords(database) if isinstance(database, Database) else MongoRecords(database)


async def where_it_stands(connection: Any, *marks: str) -> list[str]:
    """The tables of a database in which one of `marks` stands, in any column, whatever its case.

    Bytes are read as text.
    """
    columns = await connection.fetch(
        """select c.relname as table, a.attname as column, a.atttypid = 'bytea'::regtype as bytes
           from pg_class c join pg_attribute a on a.attrelid = c.oid
           where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
                 and a.attnum > 0 and not a.attisdropped"""
    )
    found = set()
    for column in columns:
        name = f'"{column["column"]}"'
        if column["bytes"]:
            stands = f"position(convert_to(mark, 'UTF8') in {name}) > 0"
        else:
            stands = f"position(lower(mark) in lower({name}::text)) > 0"
        if await connection.fetchval(
            f"""select exists (select from "{column["table"]}"
                               join unnest($1::text[]) as mark on {stands})""",  # noqa: S608
            list(marks),
        ):
            found.add(str(column["table"]))
    return sorted(found)
