"""What analytics keeps of the events, however they arrive."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import available_timezones

import msgspec
from msgspec.structs import replace

from analytics.consumer import PROJECTIONS
from analytics.facts.deals import DEALS
from chassis.inbox import Inbox
from chassis.testing import Running, emptied, event
from events.catalogue import PERSON
from events.contacts import Person
from events.envelope import Change, Event
from events.sales import Deal, DealLine, Stage, StageEntry
from events.values import CustomerRef, Money
from services.analytics.tests.component.world import World


async def row(analytics: Running, table: str, world: World, id: UUID) -> dict[str, Any] | None:
    """A row without its tenant, id and seal."""
    found = await analytics.database.pool.fetchrow(
        f"select * from {table} where tenant = $1 and id = $2", world.tenant, id
    )
    if found is None:
        return None
    return {name: value for name, value in found.items() if name not in ("tenant", "id", "seal")}


def versions(world: World, deal: Deal, amounts: Sequence[int]) -> list[Event[Any]]:
    """A deal's events, from version 1 on, each with another amount."""
    return [
        world.event(replace(deal, version=version, amount=Money(Decimal(amount), "RUB"), lines=()))
        for version, amount in enumerate(amounts, start=1)
    ]


async def test_a_deal_is_kept_as_its_newest_event_tells(
    analytics: Running, inbox: Inbox, world: World
) -> None:
    deal = replace(
        world.deals[0],
        version=7,
        customer=None,
        amount=Money(Decimal("99999999999999.999999999999999999999999999999"), "KWD"),
        history=(
            StageEntry(stage=world.id(), entered_on=date(2017, 3, 1)),
            StageEntry(stage=world.id()),
        ),
        lines=(
            DealLine(product=world.id(), quantity=Decimal("1E+3"), price=Money(Decimal(0), "KWD")),
        ),
    )
    await inbox.apply_events([world.event(deal)])
    assert await row(analytics, "deal_fact", world, deal.id) == {
        "version": 7,
        "owner": deal.owner,
        "department": deal.department,
        "pipeline": deal.pipeline,
        "stage": deal.stage,
        "status": deal.status,
        "customer": None,
        "amount": Decimal("99999999999999.999999999999999999999999999999"),
        "currency": "KWD",
        "started_on": deal.started_on,
        "closed_on": deal.closed_on,
        "expected_close_on": deal.expected_close_on,
        "reason": deal.reason,
        "channel": deal.channel,
        "campaign": deal.campaign,
        "lead": None,
        "entered_stages": [entry.stage for entry in deal.history],
        "entered_on": [date(2017, 3, 1), None],
        "line_products": [deal.lines[0].product],
        "line_quantities": [1000],
        "line_prices": [0],
    }


async def test_any_higher_version_applies_and_an_older_one_changes_nothing(
    analytics: Running, inbox: Inbox, world: World
) -> None:
    deal = world.deals[0]
    first, second, third, fourth = versions(world, deal, (10, 20, 30, 40))
    for batch, amount in (
        ([second], 20),
        ([first], 20),
        ([second, second], 20),
        ([fourth, third], 40),
        ([third], 40),
    ):
        await inbox.apply_events(batch)
        kept = await row(analytics, "deal_fact", world, deal.id)
        assert kept is not None
        assert kept["amount"] == amount


async def test_the_handler_itself_never_goes_back(analytics: Running, world: World) -> None:
    deal = world.deals[0]
    older, newer = versions(world, deal, (10, 20))
    async with analytics.database.pool.acquire() as connection:
        await DEALS.keep(connection, [newer])
        await DEALS.keep(connection, [older])
    kept = await row(analytics, "deal_fact", world, deal.id)
    assert kept is not None
    assert kept["version"] == 2


async def test_an_event_without_a_state_removes_the_row_for_good(
    analytics: Running, inbox: Inbox, world: World
) -> None:
    for state in (world.deals[0], world.spend[0], world.leads[0], world.touches[0]):
        table = f"{type(state).__name__.lower()}_fact"
        before = world.event(replace(state, version=1))
        erased = msgspec.structs.replace(
            before, aggregateversion=2, data=Change(after=None, changed={})
        )
        await inbox.apply_events([before])
        assert await row(analytics, table, world, state.id) is not None
        await inbox.apply_events([erased, world.event(world.users[0])])
        await inbox.apply_events([before])
        assert await row(analytics, table, world, state.id) is None


async def test_names_of_stages_survive_whatever_they_are_made_of(
    analytics: Running, inbox: Inbox, world: World
) -> None:
    names = ['a,b "c"', "back\\slash", "{}", "NULL", " ", "Ёлка\n", "'"]
    pipeline = replace(
        world.pipelines[0],
        stages=tuple(Stage(id=world.id(), name=name, probability=5) for name in names),
    )
    await inbox.apply_events([world.event(pipeline)])
    kept = await analytics.database.pool.fetch(
        """select id, name, position from stage_dimension where tenant = $1 and pipeline = $2
           order by position""",
        world.tenant,
        pipeline.id,
    )
    assert [(stage["id"], stage["name"], stage["position"]) for stage in kept] == [
        (stage.id, stage.name, position) for position, stage in enumerate(pipeline.stages, start=1)
    ]


async def test_a_batch_of_deals_is_one_statement(analytics: Running, world: World) -> None:
    statements: list[str] = []
    async with analytics.database.pool.acquire() as connection:
        connection.add_query_logger(lambda record: statements.append(record.query))
        await DEALS.keep(connection, [world.event(deal) for deal in world.deals])
    assert sum("deal_fact" in statement for statement in statements) == 1


async def test_postgresql_knows_every_time_zone_that_a_department_may_name(
    analytics: Running,
) -> None:
    rows = await analytics.database.pool.fetch("select name from pg_timezone_names")
    unknown = available_timezones() - {row["name"] for row in rows} - {"localtime"}
    assert not unknown


async def test_every_table_that_is_projected_into_can_be_rebuilt(analytics: Running) -> None:
    rows = await analytics.database.pool.fetch(
        """select tablename from pg_tables where schemaname = 'public'
           and (tablename ~ '_(fact|dimension)$' or tablename = 'department')"""
    )
    assert {row["tablename"] for row in rows} == set(PROJECTIONS)


async def test_who_is_erased_has_no_name_in_reports_and_their_deals_count(
    analytics: Running, inbox: Inbox, world: World
) -> None:
    person = Person(id=uuid4(), version=1, given_name="Анна", family_name="Единственнова")
    deal = replace(world.deals[0], customer=CustomerRef("person", person.id))
    known = event(PERSON, "created", person, tenant=world.tenant)
    assert await inbox.apply_events([known, world.event(deal)]) == 2
    counted = await row(analytics, "deal_fact", world, deal.id)
    assert await analytics.remembered("Единственнова")
    erased = emptied(PERSON, "erased", person.id, 2, tenant=world.tenant)
    assert await inbox.apply_events([erased]) == 1
    assert await analytics.remembered("Единственнова") == []
    assert await row(analytics, "customer_dimension", world, person.id) is None
    assert await row(analytics, "deal_fact", world, deal.id) == counted
    assert await inbox.apply_events([known]) == 0
    assert await analytics.remembered("Единственнова") == []
