"""Projections are made anew while everybody works; what is replayed happens once."""

from __future__ import annotations

import asyncio
import subprocess
from decimal import Decimal
from uuid import UUID

import analytics.app as analytics
import contacts.app as contacts
import gateway.app as gateway
import marketing.app as marketing
import sales.app as sales
from chassis.database import Database
from chassis.replay import Wanted, replay
from chassis.settings import PlatformSettings
from meridian_client import AsyncMeridian
from meridian_client.models import DealDraft, ForecastTotal, Money
from tests.end_to_end.conftest import Platform
from tests.end_to_end.opportunities.company import Company, found
from tests.end_to_end.test_operating import meridian

SERVICES = (contacts.SERVICE, sales.SERVICE, marketing.SERVICE, analytics.SERVICE, gateway.SERVICE)


async def write_deals(client: AsyncMeridian, names: list[str]) -> list[UUID]:
    """New deals of 10.00 each."""
    amount = Money(amount=Decimal("10.00"), currency="USD")
    deals = [await client.deals.create(DealDraft(name=name, amount=amount)) for name in names]
    return [deal.id for deal in deals]


async def forecast(client: AsyncMeridian) -> ForecastTotal:
    """The forecast's total, with everything that `client` has written."""
    return (await client.reports.forecast()).total


async def strayed(company: Company) -> tuple[list[UUID], dict[UUID, str]]:
    """Three deals and what became of them in the live projection: three kinds of wrong."""
    async with company.signed_in() as client:
        wrong, gone, forgotten = deals = await write_deals(client, ["wrong", "gone", "forgotten"])
        assert (await forecast(client)).deals == 3
    await company.query("analytics", "update deal_fact set amount = 77 where id = $1", wrong)
    await company.query("analytics", "delete from deal_fact where id = $1", gone)
    await company.query("analytics", "delete from applied where key = $1", forgotten)
    return deals, {wrong: "differing", gone: "missing", forgotten: "missing"}


async def rebuilt_while_at_work(
    platform: Platform, company: Company
) -> tuple[str, int, ForecastTotal]:
    """What the command says, how many deals were written meanwhile, and the forecast after it."""
    rebuilding = asyncio.create_task(
        asyncio.to_thread(meridian, platform, "analytics", command="rebuild")
    )
    written = 0

    async def write() -> None:
        nonlocal written
        async with company.signed_in() as client:
            while not rebuilding.done():
                await write_deals(client, [f"meanwhile {written}"])
                written += 1

    async def read() -> None:
        # Without patience: a single refusal fails.
        async with AsyncMeridian(platform.gateway_url, patience=0) as client:
            sign_in = company.sign_in
            await client.sign_in(sign_in.tenant, sign_in.login, sign_in.password)
            while not rebuilding.done():
                assert (await forecast(client)).deals >= 2

    await asyncio.gather(write(), read(), read())
    done: subprocess.CompletedProcess[str] = await rebuilding
    assert done.returncode == 0, done.stdout + done.stderr
    async with company.signed_in() as client:
        total = await forecast(client)
        async with asyncio.timeout(120):
            while total.deals < written + 3:
                await asyncio.sleep(0.1)
                total = await forecast(client)
    return done.stdout, written, total


def test_a_rebuild_names_what_was_wrong_and_puts_it_right(platform: Platform) -> None:
    company = asyncio.run(found(platform))
    deals, wrong = asyncio.run(strayed(company))
    said, written, total = asyncio.run(rebuilt_while_at_work(platform, company))
    assert written > 5
    assert (total.deals, total.amount) == (written + 3, Decimal(10 * (written + 3)))
    named = [line for line in said.splitlines() if str(company.tenant) in line]
    assert len(named) == len(deals), said
    for deal, verdict in wrong.items():
        [line] = [line for line in named if str(deal) in line]
        assert verdict in line


async def replay_everything(platform: Platform) -> int:
    """Send each consumer every event that it reads; how many that were."""
    settings, sent = PlatformSettings(kafka=platform.addresses.kafka), 0
    for owner in SERVICES:
        database = Database(platform.database_url(owner.name), 2)
        await database.open()
        for consumer in [consumer for reader in SERVICES for consumer in reader.consumers]:
            own = tuple(t for t in consumer.topics if t.startswith(f"crm.{owner.owner}."))
            wanted = Wanted(to=consumer.name, topics=own)
            sent += (await replay(database, settings, owner.owner, wanted)).total()
        await database.close()
    return sent


def test_replaying_everything_to_everybody_does_nothing_twice(platform: Platform) -> None:
    company = asyncio.run(found(platform))
    before = asyncio.run(company.settled_journals())
    assert asyncio.run(replay_everything(platform)) > 0
    assert asyncio.run(company.settled_journals()) == before


def test_an_operator_replays_what_a_consumer_reads(platform: Platform) -> None:
    company = asyncio.run(found(platform))
    told = meridian(platform, "replay", "--to=sales.reactions", f"--tenant={company.tenant}")
    sent = {line.split()[1]: line.split()[3] for line in told.stdout.splitlines() if "crm." in line}
    assert sent == {"crm.contacts.touch": "0", "crm.directory.tenant": "1"}
    unread = meridian(platform, "replay", "--to=sales.replicas", "--topic=crm.sales.deal")
    assert unread.returncode == 2
    assert "does not read crm.sales.deal" in unread.stdout
