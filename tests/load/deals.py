"""Deals to write and to tell of, and databases that have seen many already."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from aiokafka import AIOKafkaProducer

from analytics.app import SERVICE as ANALYTICS
from analytics.facts.deals import DEALS
from chassis.database import Database
from chassis.identity import system_identity
from chassis.transactions import Transactions, uuid7
from events.catalogue import DEAL
from events.envelope import complete, headers_of, partition_key
from events.sales import Deal, DealLine, StageEntry
from events.values import CustomerRef, Money
from sales.app import SERVICE as SALES
from sales.deals.store import deals
from tests.load.ground import Ground, opened

TOPIC = DEAL.topic
EARLIER = uuid4()
"""The tenant of what was there before."""
MOST_AT_ONCE = 1_000

_PIPELINE, _STAGES, _OWNER = uuid4(), (uuid4(), uuid4()), uuid4()
_MOMENT = datetime(2026, 3, 2, 9, 30, 0, 213_269, tzinfo=UTC)
_PRICE = Money(Decimal("214000.00"), "RUB")


def new_deal(number: int) -> Deal:
    """A deal like those of a company: a customer, two lines, two stages behind it."""
    return Deal(
        id=uuid7(),
        version=0,
        owner=_OWNER,
        name=f"Кухни для ЖК «Золотой Рог», {number}",
        pipeline=_PIPELINE,
        stage=_STAGES[1],
        customer=CustomerRef("company", uuid7()),
        amount=Money(Decimal("2996000.00"), "RUB"),
        lines=tuple(
            DealLine(product=product, quantity=Decimal(7), price=_PRICE) for product in _STAGES
        ),
        history=tuple(
            StageEntry(stage=stage, entered_at=_MOMENT, entered_on=date(2026, 3, 2), by=_OWNER)
            for stage in _STAGES
        ),
        started_at=_MOMENT,
        started_on=date(2026, 3, 2),
        expected_close_on=date(2026, 4, 15),
    )


async def write(database: Database, tenant: UUID, many: Sequence[Deal]) -> None:
    """Save new deals in bulk, each with its event."""
    transactions = Transactions("sales", database)
    for start in range(0, len(many), MOST_AT_ONCE):
        async with transactions.begin(system_identity(tenant, "sales")) as transaction:
            steps = [
                deals.step(transaction, "created", None, deal)
                for deal in many[start : start + MOST_AT_ONCE]
            ]
            await deals.save_all(transaction, steps)


@dataclass(frozen=True, slots=True)
class Told:
    """An event as the relay sends it."""

    partition: int
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


async def told(database: Database, tenant: UUID) -> list[Told]:
    """The events of a tenant, in the order of the journal."""
    rows = await database.pool.fetch(
        """select position, slot, subject, type, event, traceparent, body, recordedtime from journal
           where tenant = $1 order by position""",
        tenant,
    )
    return [
        Told(
            row["slot"],
            partition_key(tenant, str(row["subject"])),
            complete(row["body"].encode(), row["recordedtime"], row["position"]),
            headers_of(row["event"], row["type"], tenant, row["traceparent"]),
        )
        for row in rows
    ]


async def send(producer: AIOKafkaProducer, events: Sequence[Told]) -> None:
    """Send without waiting for each, then wait for all: what a bare producer can do."""
    sending: list[asyncio.Future[Any]] = [
        await producer.send(
            TOPIC.name, told.value, key=told.key, partition=told.partition, headers=told.headers
        )
        for told in events
    ]
    await asyncio.gather(*sending)


# -- databases with a past ---------------------------------------------------------------------

# An hour ago and more, in the order of the ids, as time would have left it.
_IDS = """(select n, uuidv7(make_interval(secs => -3600 - ($1::integer - n) * 0.01)) as id
           from generate_series(1, $1::integer) as n) as numbered"""


async def sales_with_past(ground: Ground, rows: int) -> str:
    """A database of sales with so many deals, all of whose events were sent long ago."""
    url = await ground.database(SALES)
    async with opened(url) as database:
        template = new_deal(0)
        await write(database, EARLIER, [template])
        pool = database.pool
        await pool.execute(
            f"""insert into deal
                select tenant, numbered.id, version, owner, department,
                       replace(state::text, deal.id::text, numbered.id::text)::json, pipeline,
                       stage, status, customer, search
                from deal, {_IDS}""",
            rows,
            timeout=900,
        )
        await pool.execute(
            """insert into journal (tenant, topic, slot, subject, version, type, event, body, time,
                                    recordedtime)
               select d.tenant, j.topic, get_byte(uuid_send(d.id), 15) % $2, d.id, 1, j.type,
                      uuidv7(), replace(j.body::text, $1, d.id::text)::json, j.time,
                      j.recordedtime - interval '1 hour'
               from deal d, journal j where d.id <> $1::uuid and j.subject = $1::uuid
               order by d.id""",
            str(template.id),
            TOPIC.partitions,
            timeout=900,
        )
        await pool.execute("delete from outbox")
        await pool.execute("insert into generation (id) values ($1)", await ground.generation())
        await _settle(database)
    return url


async def analytics_with_past(ground: Ground, rows: int) -> str:
    """A database of analytics that has applied the events of so many deals."""
    url = await ground.database(ANALYTICS)
    names = ", ".join(DEALS.shape.columns)
    typed = ", ".join(f"{name}::{type_}" for name, type_ in DEALS.shape.columns.items())
    async with opened(url) as database:
        await database.pool.execute(
            f"""insert into deal_fact ({names}, seal)
                select row.*, {DEALS.shape.sealed.seal("row")}
                from (select {typed} from (
                    select $2::uuid, id, 1, $3::uuid, null, $4::uuid, $5::uuid, 'open', null,
                           2996000, 'RUB', '2026-03-02', null, null, null, null, null, null,
                           array[$5::uuid], array['2026-03-02'::date], array[$5::uuid], '{{7}}',
                           '{{214000}}'
                    from {_IDS}) as given ({names})) as row""",
            rows,
            EARLIER,
            _OWNER,
            _PIPELINE,
            _STAGES[0],
            timeout=900,
        )
        await database.pool.execute(
            """insert into applied (consumer, topic, tenant, key, version)
               select 'analytics', $1, tenant, id, version from deal_fact order by id""",
            TOPIC.name,
            timeout=900,
        )
        await _settle(database)
    return url


async def _settle(database: Database) -> None:
    """Leave no work behind for the time of the measurement."""
    await database.pool.execute("vacuum analyze", timeout=900)
    await database.pool.execute("checkpoint", timeout=900)
