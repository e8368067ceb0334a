"""An operator at the command line of a running platform."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from uuid import UUID, uuid4

import asyncpg
import msgspec

from chassis.testing import event
from events.catalogue import TENANT
from events.directory import Tenant
from tests.end_to_end.conftest import Platform

PLACE = ("sales.reactions", TENANT.topic.name)


def meridian(
    platform: Platform, *arguments: str, command: str = "events"
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli", command, *arguments],
        env={**os.environ, "MERIDIAN_HOME": str(platform.local.home.path), "COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=False,
    )


async def park(platform: Platform, id: UUID) -> None:
    """Let the creation of a tenant wait in sales."""
    state = Tenant(id=id, version=1, name="Parked", slug=f"t-{id.hex[:8]}", currency="EUR")
    body = msgspec.json.encode(event(TENANT, "created", state, tenant=id))
    connection = await asyncpg.connect(platform.database_url("sales"))
    await connection.execute(
        """insert into parked_key (consumer, topic, tenant, key, error, gap)
           values ($1, $2, $3, $3, 'too early', false)""",
        *PLACE,
        id,
    )
    await connection.execute(
        """insert into parked (consumer, topic, tenant, key, version, body)
           values ($1, $2, $3, $3, 1, $4)""",
        *PLACE,
        id,
        body,
    )
    await connection.close()


def test_what_waits_is_listed_shown_and_redriven(platform: Platform) -> None:
    id = uuid4()
    asyncio.run(park(platform, id))
    listed = meridian(platform, "parked")
    assert str(id) in listed.stdout
    assert "too early" in listed.stdout
    shown = meridian(platform, "show", *PLACE, str(id), str(id))
    assert msgspec.json.decode(shown.stdout)["subject"] == str(id)
    redriven = meridian(platform, "redrive", *PLACE, str(id), str(id))
    assert '"applied": 1' in redriven.stdout
    assert str(id) not in meridian(platform, "parked").stdout
    again = meridian(platform, "redrive", *PLACE, str(id), str(id))
    assert again.returncode == 1
    assert "has not parked" in again.stdout
