"""The directory as a fifth owner: what it says reaches the broker."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer

from cli.local.ports import any_ports
from events.envelope import Event
from gateway.testing.offices import open_office
from gateway.testing.processes import running

TOPICS = ("crm.directory.tenant", "crm.directory.department", "crm.directory.user")


async def test_every_change_of_the_directory_becomes_an_event(
    database_url: str, broker: str, tmp_path: Path
) -> None:
    starting = running(
        port=any_ports(["gateway"])["gateway"],
        upstream_ports={},
        database_url=database_url,
        log=tmp_path / "gateway.log",
        settings={"MERIDIAN_KAFKA": broker},
        role="all",
    )
    async with AsyncExitStack() as clients:
        gateway = await asyncio.to_thread(starting.__enter__)
        clients.push(starting)
        office = await open_office(gateway, "eventful", clients)
        await office.employed("agent", name="Пётр")
        consumer = AIOKafkaConsumer(
            *TOPICS, bootstrap_servers=broker, auto_offset_reset="earliest", group_id=None
        )
        await clients.enter_async_context(consumer)
        seen: list[tuple[str, str]] = []
        while len(seen) < 5:
            record = await asyncio.wait_for(consumer.getone(), 20)
            event = msgspec.json.decode(record.value, type=Event[dict[str, Any]])
            if event.tenantid != office.tenant:
                continue
            assert record.key == f"{office.tenant}:{event.subject}".encode()
            assert event.data.after is not None
            seen.append((event.type, event.data.after["name"]))
    assert sorted(seen) == [
        ("crm.directory.department.created.v1", "ООО «Ромашка»"),
        ("crm.directory.tenant.created.v1", "ООО «Ромашка»"),
        ("crm.directory.user.activated.v1", "Анна Иванова"),
        ("crm.directory.user.activated.v1", "Пётр"),
        ("crm.directory.user.invited.v1", "Пётр"),
    ]
