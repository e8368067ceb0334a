"""The log: one order for each tenant without holes, whoever writes, and what it forgets."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import msgspec
import pytest

from chassis.decoding import AnyEvent
from chassis.inbox import PASSING
from chassis.problems import CursorExpired, InvalidRequest
from chassis.testing_records import where_it_stands
from chassis.transactions import Transactions
from events.catalogue import PERSON
from gateway.delivery.log import log as reading
from gateway.delivery.log import store
from gateway.delivery.log.entry import Bounds, Entry, Reach, Selection
from gateway.delivery.log.retention import forget_old
from gateway.delivery.log.writing import DELIVERY
from gateway.settings import GatewaySettings
from gateway.testing.deliveries import (
    EVERYTHING,
    Desk,
    opened_desk,
    person,
    product,
    products,
    removed,
)

_YEARS = timedelta(days=3_000)


def sequences(entries: list[Entry]) -> list[int]:
    return [entry.sequence for entry in entries]


async def forget_all(desk: Desk, tenant: UUID, most: int = 100) -> None:
    while await store.forget(desk.database, tenant, datetime.now(UTC) + _YEARS, most):
        pass


async def test_two_processes_that_write_for_many_tenants_leave_no_hole_for_any_reader(
    desk: Desk, delivery_url: str
) -> None:
    tenants = [uuid4() for _ in range(6)]
    chance = random.Random(3)
    # Each process has records of its own, as partitions are shared out, of all tenants.
    batches = [
        [product(tenant, uuid4(), 1) for tenant in chance.choices(tenants, k=10)] for _ in range(40)
    ]
    expected = {
        tenant: sum(told.tenantid == tenant for batch in batches for told in batch)
        for tenant in tenants
    }

    async def write(writer: Desk, some: list[list[AnyEvent]]) -> None:
        for batch in some:
            while True:
                try:
                    await writer.deliver(*batch)
                    break
                except PASSING:
                    continue

    async def read(tenant: UUID) -> list[int]:
        seen: list[int] = []
        while len(seen) < expected[tenant]:
            after = seen[-1] if seen else 0
            portion = await desk.log.read(tenant, after, 7, EVERYTHING)
            seen += [entry.sequence for entry in portion.entries]
            if not portion.has_more:
                await desk.log.wait(tenant, portion.after, 30)
        return seen

    async with opened_desk(delivery_url) as other, asyncio.timeout(120):
        _, _, *seen = await asyncio.gather(
            write(desk, batches[::2]), write(other, batches[1::2]), *map(read, tenants)
        )
    assert seen == [list(range(1, expected[tenant] + 1)) for tenant in tenants]


async def test_what_comes_again_or_late_changes_nothing(desk: Desk) -> None:
    tenant, id = uuid4(), uuid4()
    told = [product(tenant, id, version) for version in (2, 3, 4)]
    assert await desk.deliver(*told) == 3
    assert await desk.deliver(product(tenant, id, 1), *told) == 0
    found = await desk.everything(tenant)
    assert [(entry.sequence, entry.version) for entry in found] == [(1, 2), (2, 3), (3, 4)]


async def test_what_is_missing_is_waited_for(desk: Desk) -> None:
    tenant, id = uuid4(), uuid4()
    assert await desk.deliver(product(tenant, id, 2), product(tenant, id, 4)) == 1
    assert await desk.deliver(product(tenant, id, 3)) == 2
    found = await desk.everything(tenant)
    assert [(entry.sequence, entry.version) for entry in found] == [(1, 2), (2, 3), (3, 4)]


async def test_a_batch_is_logged_as_it_was_recorded_and_each_record_in_its_versions(
    desk: Desk,
) -> None:
    tenant, early, late = uuid4(), uuid4(), uuid4()
    at = datetime(2026, 7, 1, tzinfo=UTC)
    # The clock was set back between the two versions of one of them.
    told = [
        msgspec.structs.replace(product(tenant, late, 1), recordedtime=at + timedelta(hours=2)),
        msgspec.structs.replace(product(tenant, late, 2), recordedtime=at),
        msgspec.structs.replace(product(tenant, early, 1), recordedtime=at + timedelta(hours=1)),
    ]
    await desk.deliver(*told)
    found = await desk.everything(tenant)
    assert [(entry.subject, entry.version) for entry in found] == [(early, 1), (late, 1), (late, 2)]


async def test_an_entry_knows_whose_the_record_was_and_is(desk: Desk) -> None:
    tenant, id, olga, pavel, north = (uuid4() for _ in range(5))
    await desk.deliver(person(tenant, id, 1, owner=olga, department=north))
    await desk.deliver(
        person(tenant, id, 2, owner=pavel, department=north),
        removed(PERSON, "deleted", tenant, id, 3),
    )
    await desk.deliver(removed(PERSON, "erased", tenant, id, 4))
    found = await desk.everything(tenant)
    assert [(entry.owner, entry.was_owner, entry.remains) for entry in found] == [
        (olga, None, True),
        (pavel, olga, True),
        (None, pavel, False),
        (None, pavel, False),
    ]
    assert found[-1].was_department == north


async def test_erasing_empties_what_the_log_has_and_leaves_its_places(desk: Desk) -> None:
    tenant, id, other = uuid4(), uuid4(), uuid4()
    await desk.deliver(
        person(tenant, id, 1, given_name="forgetmeplease"),
        person(tenant, other, 1),
        person(tenant, id, 2, given_name="forgetmeplease too"),
    )
    assert await where_it_stands(desk.database.pool, "forgetmeplease") == [
        "delivery_head",
        "delivery_log",
    ]
    await desk.deliver(removed(PERSON, "erased", tenant, id, 3))
    assert await where_it_stands(desk.database.pool, "forgetmeplease") == []
    found = await desk.everything(tenant)
    assert sequences(found) == [1, 2, 3, 4]
    emptied_one = msgspec.json.decode(found[0].body)
    assert emptied_one["erased"] is True
    assert emptied_one["data"] == {"after": None, "changed": {}}
    assert "Ольга" in found[1].body.decode()


async def test_the_log_forgets_in_small_parts_and_says_from_where_on_it_is_whole(
    desk: Desk,
) -> None:
    tenant, id = uuid4(), uuid4()
    await desk.deliver(product(tenant, id, 1), *products(tenant, 9))
    assert await store.forget(desk.database, tenant, datetime.now(UTC) + _YEARS, 4) == 4
    assert await desk.log.bounds(tenant) == Bounds(5, 10)
    assert sequences(await desk.everything(tenant, after=4)) == list(range(5, 11))
    with pytest.raises(CursorExpired):
        await desk.log.read(tenant, 3, 100, EVERYTHING)

    # What is younger stays.
    assert await store.forget(desk.database, tenant, datetime.now(UTC) - _YEARS, 4) == 0
    await forget_all(desk, tenant)
    assert await desk.log.bounds(tenant) == Bounds(11, 10)
    await desk.deliver(product(tenant, id, 2))
    assert sequences(await desk.everything(tenant, after=10)) == [11]


async def test_what_is_older_than_the_setting_says_is_forgotten(
    desk: Desk, delivery_url: str
) -> None:
    tenant = uuid4()
    await desk.deliver(*products(tenant, 4))
    await desk.database.pool.execute(
        """update delivery_log set logged = now() - interval '3 days'
           where tenant = $1 and sequence < 3""",
        tenant,
    )
    settings = GatewaySettings(database_url=delivery_url, delivery_days=2)
    await forget_old(Transactions("gateway", desk.database), settings)
    assert await desk.log.bounds(tenant) == Bounds(3, 4)
    assert sequences(await desk.everything(tenant, after=2)) == [3, 4]


async def test_a_cursor_from_the_future_is_refused(desk: Desk) -> None:
    with pytest.raises(InvalidRequest):
        await desk.log.read(uuid4(), 1, 100, EVERYTHING)


async def test_who_waits_is_woken_by_another_process(
    desk: Desk, delivery_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody looks by themselves.
    monkeypatch.setattr(reading, "_POLL_SECONDS", 3_600.0)
    tenant = uuid4()
    async with opened_desk(delivery_url) as other:
        while not desk.log._ears.is_open:
            await asyncio.sleep(0.01)
        waiting = asyncio.create_task(desk.log.wait(tenant, 0, 3_600))
        while tenant not in desk.log._ears._waiting:
            await asyncio.sleep(0.01)
        await other.deliver(*products(uuid4(), 1))
        assert not waiting.done()
        await other.deliver(*products(tenant, 1))
        assert await waiting


async def test_nobody_waits_once_the_log_has_ended(desk: Desk) -> None:
    tenant = uuid4()
    waiting = asyncio.create_task(desk.log.wait(tenant, 0, 3_600))
    while tenant not in desk.log._ears._waiting:
        await asyncio.sleep(0.01)
    desk.log.end()
    assert not await waiting


async def test_a_reader_is_never_held_up_by_what_does_not_concern_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_SPAN", 4)
    tenant = uuid4()
    await desk.deliver(*products(tenant, 10), person(tenant, uuid4(), 1))
    people = Reach(everywhere=(PERSON.topic.name,))
    portion = await desk.log.read(tenant, 0, 100, people)
    assert (portion.entries, portion.after, portion.has_more) == ([], 4, True)
    portion = await desk.log.read(tenant, 8, 100, people)
    assert (sequences(list(portion.entries)), portion.after, portion.has_more) == ([11], 11, False)
    chosen = await desk.log.read(
        tenant, 7, 100, EVERYTHING, Selection((), (PERSON.type_of("created"),))
    )
    assert sequences(list(chosen.entries)) == [11]


async def test_a_portion_is_bounded_by_its_bytes(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = uuid4()
    await desk.deliver(*products(tenant, 5))
    monkeypatch.setattr(reading, "_BYTES", 1)
    portion = await desk.log.read(tenant, 2, 100, EVERYTHING)
    assert (sequences(list(portion.entries)), portion.after, portion.has_more) == ([3], 3, True)


def test_whatever_is_said_is_logged() -> None:
    assert set(DELIVERY.topics) == set(EVERYTHING.everywhere)
