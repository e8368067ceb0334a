"""Alembic, run from code: each service has its own `migrations/` folder.

A service's `env.py` is one line: `chassis.migrations.run()`.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
from alembic import command, context
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine

# Migrations of one database take turns, however many replicas start at once.
_TURN = 7_236_104_511


def _config(folder: Path, database_url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.attributes["database_url"] = database_url
    return config


async def is_current(folder: Path, database_url: str) -> bool:
    """Whether the database stands at the newest revision of `folder`."""
    head = ScriptDirectory.from_config(_config(folder, database_url)).get_current_head()
    connection = await asyncpg.connect(database_url)
    try:
        if await connection.fetchval("select to_regclass('alembic_version')") is None:
            return False
        return bool(await connection.fetchval("select version_num from alembic_version") == head)
    finally:
        await connection.close()


async def migrate(folder: Path, database_url: str) -> None:
    """Bring the database to the newest revision; waits while another process does so."""
    if await is_current(folder, database_url):
        return
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("select pg_advisory_lock($1)", _TURN)
        if not await is_current(folder, database_url):
            config = _config(folder, database_url)
            await asyncio.to_thread(command.upgrade, config, "head")
    finally:
        await connection.close()


def run() -> None:
    """The body of a service's `env.py`."""
    url = context.config.attributes["database_url"]
    asyncio.run(_upgrade(url.replace("postgresql://", "postgresql+asyncpg://", 1)))


async def _upgrade(url: str) -> None:
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(_with_connection)
    await engine.dispose()


def _with_connection(connection: Connection) -> None:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
