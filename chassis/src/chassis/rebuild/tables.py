"""The tables beside the live ones: schema `rebuilt`, and after the swap `former`.

A connection with the search path `rebuilt, public` writes to the tables beside
under their usual names, and reads everything else where it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

import asyncpg

from chassis.database import Connection

INBOX = ("parked_key", "applied", "parked", "projection")
"""What a consumer keeps of its progress, made anew with its projections."""


def beside(database_url: str) -> str:
    """The URL of the same database, for connections that work on the tables beside."""
    sign = "&" if "?" in database_url else "?"
    return database_url + sign + urlencode({"search_path": "rebuilt,public"})


async def clear(connection: Connection) -> None:
    """Drop what a former rebuild has left, finished or not."""
    await connection.execute("drop schema if exists rebuilt cascade")
    await connection.execute("drop schema if exists former cascade")


async def make(connection: Connection, projections: Sequence[str]) -> None:
    """Make an empty table beside each live one, with its indexes and settings."""
    await connection.execute("create schema rebuilt")
    for table in (*projections, *INBOX):
        await connection.execute(
            f"create table rebuilt.{table} (like public.{table} including all)"
        )
        # LIKE does not take the settings of the table itself along: fillfactor, autovacuum.
        settings = await connection.fetchval(
            """select string_agg(option, ', ') from pg_class, unnest(reloptions) as option
               where oid = $1::text::regclass""",
            f"public.{table}",
        )
        if settings:
            await connection.execute(f"alter table rebuilt.{table} set ({settings})")


async def note_known(connection: Connection, projections: Sequence[str]) -> None:
    """Write down what is applied beside so far, and let the planner know the new tables."""
    await connection.execute(
        """drop table if exists rebuilt.known;
           create table rebuilt.known as
           select consumer, topic, tenant, key, version from rebuilt.applied"""
    )
    for table in (*projections, *INBOX, "known"):
        await connection.execute(f"analyze rebuilt.{table}")


async def swap(connection: Connection, projections: Sequence[str]) -> None:
    """Put the tables beside in the place of the live ones; inside a transaction.

    Statements that were prepared before go on: PostgreSQL looks up their tables'
    names anew. Raises `asyncpg.LockNotAvailableError` when readers hold on.
    """
    # Every report begins with `projection`: with that locked first, none that has begun
    # can wait for a table that is locked already.
    order = ("projection", *projections, "applied", "parked_key", "parked")
    await connection.execute(
        "lock table " + ", ".join(f"public.{table}, rebuilt.{table}" for table in order)
    )
    views = await _views_on(connection, order)
    await connection.execute("create schema former")
    for table in order:
        await connection.execute(f"alter table public.{table} set schema former")
        await connection.execute(f"alter table rebuilt.{table} set schema public")
    for view in views:
        # Views follow their tables, not the names; the same view is told the names again.
        await connection.execute(
            f"create or replace view public.{view['name']} as {view['definition']}"
        )


async def _views_on(connection: Connection, tables: Sequence[str]) -> list[asyncpg.Record]:
    """Views that read any of `tables`, and how: names within `public` are bare."""
    return await connection.fetch(
        """select distinct v.relname as name, pg_get_viewdef(v.oid) as definition
           from pg_depend d
           join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
           join pg_class v on v.oid = r.ev_class and v.relkind = 'v'
           where d.refclassid = 'pg_class'::regclass
             and d.refobjid in (select ('public.' || name)::regclass from unnest($1::text[]) name)
           order by 1""",
        list(tables),
    )
