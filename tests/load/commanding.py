"""Commands beside pgbench, and bulk requests beside an ORM, writing the same rows.

    .venv/bin/python -m tests.load.commanding [--kafka] [--journal 10000 1000000]

A command opens a transaction, decides, and saves a new deal with its event: what a request does
behind HTTP. Its peer is pgbench, which inserts the same rows (the deal, its journal row, its
outbox row) from ready text in one statement, with as many clients on the same server.

A bulk request saves 1,000 new deals with their events. Its peer is SQLAlchemy's ORM: `add_all` and
`flush` of the same rows for each of the three tables, in one transaction, from the same states.

pgbench comes with PostgreSQL (on Debian and Ubuntu: apt install postgresql-contrib).
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, DateTime, Sequence, SmallInteger, Text
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis.database import Database
from chassis.identity import system_identity
from chassis.journal import _row
from chassis.transactions import Transactions, now
from cli.local.postgres import PostgresFailed, postgres_program
from events.catalogue import DEAL
from sales.deals.store import deals
from tests.load.comparison import Comparison, run
from tests.load.deals import MOST_AT_ONCE, new_deal, sales_with_past
from tests.load.ground import Ground, opened

CLIENTS = 16
SECONDS = 4
BULKS = 6

_PGBENCH = """
with saved as (
    insert into deal (tenant, id, version, owner, department, state, pipeline, stage, status,
                      customer, search)
    values (:tenant::uuid, uuidv7(), 1, :owner::uuid, null, :state::json,
            :pipeline::uuid, :stage::uuid, 'open', :customer::uuid, :search)
    on conflict (tenant, id) do update set version = excluded.version, state = excluded.state
    where deal.version = excluded.version - 1
    returning tenant, id, version
), recorded as (
    insert into journal (tenant, topic, slot, subject, version, type, event, body, time)
    select tenant, :topic, 1, id, version, :type, uuidv7(), :body::json, now() from saved
    returning position, topic, slot, recordedtime
)
insert into outbox (position, topic, slot, recordedtime)
select position, topic, slot, recordedtime from recorded;
"""


async def measure(ground: Ground, journal: int, rounds: int) -> list[Comparison]:
    command = Comparison(f"{CLIENTS} commands at a time, against pgbench", "/s", 0.3)
    bulk = Comparison("bulk of 1,000, against the ORM's add_all and flush", "/s", 5)
    pgbench = _pgbench()
    url = await sales_with_past(ground, journal)
    async with opened(url) as database:
        engine = create_async_engine(
            url.replace("postgresql://", "postgresql+asyncpg://", 1),
            # Both sides write the same ready JSON.
            json_serializer=str,
        )
        for _ in range(rounds):
            ours = await _commands(database)
            row = await _row_of(database)
            command.add(ours, await asyncio.to_thread(_bench, pgbench, url, row))
            ours = await _bulks(database)
            bulk.add(ours, await _orm_bulks(database, engine))
            await _forget(database)
        await engine.dispose()
    return [command, bulk]


async def _forget(database: Database) -> None:
    """What waits in the outbox would be more in every round."""
    await database.pool.execute("truncate outbox")


# -- commands ----------------------------------------------------------------------------------


async def _commands(database: Database) -> float:
    """Commands a second that so many clients get done."""
    transactions, tenant = Transactions("sales", database), uuid4()
    end = time.perf_counter() + SECONDS

    async def client(number: int) -> int:
        done = 0
        while time.perf_counter() < end:
            async with transactions.begin(system_identity(tenant, "sales")) as transaction:
                await deals.save(transaction, "created", None, new_deal(number))
            done += 1
        return done

    return sum(await asyncio.gather(*map(client, range(CLIENTS)))) / SECONDS


def _pgbench() -> str:
    try:
        bundled = postgres_program("pgbench")
    except PostgresFailed:
        bundled = Path()
    found = str(bundled) if bundled.is_file() else shutil.which("pgbench")
    if found is None:
        sys.exit("pgbench is missing: on Debian and Ubuntu, apt install postgresql-contrib")
    return found


async def _row_of(database: Database) -> dict[str, str]:
    """What pgbench writes: the values of the deal and the event that were written last."""
    row = await database.pool.fetchrow(
        """select d.tenant, d.owner, d.state, d.pipeline, d.stage, d.customer, d.search,
                  j.topic, j.type, j.body
           from journal j join deal d on d.tenant = j.tenant and d.id = j.subject
           order by j.position desc limit 1"""
    )
    assert row is not None
    return {name: str(value) for name, value in row.items()}


def _bench(pgbench: str, url: str, row: dict[str, str]) -> float:
    """Transactions a second, as pgbench says."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(_PGBENCH)
        script.flush()
        command = [pgbench, "-n", "-M", "prepared", "-T", str(SECONDS), "-f", script.name]
        command += ["-c", str(CLIENTS), "-j", "2", *(f"-D{name}={row[name]}" for name in row), url]
        said = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"tps = ([\d.]+)", said.stdout)
    if said.returncode or found is None:
        sys.exit(f"pgbench failed:\n{said.stdout}{said.stderr}")
    return float(found[1])


# -- bulk --------------------------------------------------------------------------------------


async def _bulks(database: Database) -> float:
    transactions, rows = Transactions("sales", database), 0
    began = time.perf_counter()
    for _ in range(BULKS):
        async with transactions.begin(system_identity(uuid4(), "sales")) as transaction:
            steps = [
                deals.step(transaction, "created", None, new_deal(number))
                for number in range(MOST_AT_ONCE)
            ]
            await deals.save_all(transaction, steps)
        rows += MOST_AT_ONCE
    return rows / (time.perf_counter() - began)


async def _orm_bulks(database: Database, engine: AsyncEngine) -> float:
    transactions, rows = Transactions("sales", database), 0
    began = time.perf_counter()
    for _ in range(BULKS):
        many = [new_deal(number) for number in range(MOST_AT_ONCE)]
        # Only so that the events are those of a transaction: nothing is written by it.
        async with transactions.begin(system_identity(uuid4(), "sales")) as transaction:
            steps = [deals.step(transaction, "created", None, deal) for deal in many]
            written = [_row(transaction, DEAL, step) for step in steps]
        async with AsyncSession(engine) as session, session.begin():
            session.add_all(
                _Deal(
                    tenant=transaction.tenant,
                    **dict(zip(_OF_ALL, row, strict=False)),
                    **step.columns,
                )
                for row, step in zip(written, steps, strict=True)
            )
            await session.flush()
            entries = [_entry(transaction.tenant, row) for row in written]
            session.add_all(entries)
            await session.flush()
            session.add_all(
                _Waiting(
                    position=entry.position,
                    topic=entry.topic,
                    slot=entry.slot,
                    recordedtime=entry.recordedtime,
                )
                for entry in entries
            )
            await session.flush()
        rows += len(many)
    return rows / (time.perf_counter() - began)


_OF_ALL = ("id", "version", "owner", "department", "state")


def _entry(tenant: UUID, row: tuple[Any, ...]) -> _Journal:
    id, version, _, _, _, slot, type_, event, traceparent, body, moment = row
    return _Journal(
        tenant=tenant,
        topic=DEAL.topic.name,
        slot=slot,
        subject=id,
        version=version,
        type=type_,
        event=event,
        traceparent=traceparent,
        body=body,
        time=moment,
        recordedtime=now(),
    )


class _Tables(DeclarativeBase):
    """The three tables as an ORM sees them."""


class _Deal(_Tables):
    __tablename__ = "deal"
    tenant: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    owner: Mapped[UUID | None]
    department: Mapped[UUID | None]
    state: Mapped[str] = mapped_column(JSON)
    pipeline: Mapped[UUID]
    stage: Mapped[UUID]
    status: Mapped[str] = mapped_column(Text)
    customer: Mapped[UUID | None]
    search: Mapped[str] = mapped_column(Text)


class _Journal(_Tables):
    __tablename__ = "journal"
    position: Mapped[int] = mapped_column(
        BigInteger, Sequence("journal_position"), primary_key=True
    )
    tenant: Mapped[UUID]
    topic: Mapped[str] = mapped_column(Text)
    slot: Mapped[int] = mapped_column(SmallInteger)
    subject: Mapped[UUID]
    version: Mapped[int] = mapped_column(BigInteger)
    type: Mapped[str] = mapped_column(Text)
    event: Mapped[UUID]
    traceparent: Mapped[str | None] = mapped_column(Text)
    body: Mapped[str] = mapped_column(JSON)
    time: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recordedtime: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class _Waiting(_Tables):
    __tablename__ = "outbox"
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    topic: Mapped[str] = mapped_column(Text)
    slot: Mapped[int] = mapped_column(SmallInteger)
    recordedtime: Mapped[datetime] = mapped_column(DateTime(timezone=True))


if __name__ == "__main__":
    sys.exit(run(__doc__, measure))
