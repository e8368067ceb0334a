"""A foreign system is told what happens, is killed like the gateway, and ends as services are."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.local.broker import BrokerKind
from cli.local.ports import any_ports
from tests.end_to_end.conftest import Platform, running
from tests.end_to_end.opportunities.company import CHECKOUT, found
from tests.end_to_end.test_following import (
    TOPICS,
    State,
    eventually,
    everything,
    ready_to_sell,
    send,
    work,
)

RECEIVER = CHECKOUT / "docs" / "integration" / "receive.py"
ROUNDS, AT_ONCE = 4, 8
IMPATIENT = {
    "GATEWAY_WEBHOOK_SECONDS": "1",
    "GATEWAY_WEBHOOK_PAUSE_SECONDS": "0.2",
    "GATEWAY_WEBHOOK_LONGEST_PAUSE_SECONDS": "1",
}


@pytest.fixture
def impatient_platform(own_kind: BrokerKind, tmp_path: Path) -> Iterator[Platform]:
    """A platform that tries webhooks again soon."""
    yield from running(tmp_path / "platform", own_kind, IMPATIENT)


def kept(copy: Path, topic: str) -> State:
    if not copy.exists():
        return {}
    asked = "select id, state from record where topic = ? and state is not null"
    with contextlib.closing(sqlite3.connect(copy)) as database:
        return {id: json.loads(state) for id, state in database.execute(asked, (topic,))}


async def test_a_receiver_that_is_killed_with_the_gateway_ends_equal_to_the_services(
    impatient_platform: Platform, tmp_path: Path
) -> None:
    company, copy = await found(impatient_platform), tmp_path / "copy.db"
    place = f"127.0.0.1:{any_ports(['receiver'])['receiver']}"
    chance = random.Random(11)

    async with company.signed_in() as client:
        await ready_to_sell(client)
        draft = {"name": "ERP", "url": f"http://{place}/", "types": list(TOPICS.values())}
        issued = await send(client, "POST", "webhooks", **draft)
        told = {**os.environ, "WEBHOOK_SECRET": issued["secret"]}
        log = (tmp_path / "receiver.log").open("wb")

        def begin() -> subprocess.Popen[bytes]:
            command = [sys.executable, str(RECEIVER), place, str(copy)]
            return subprocess.Popen(command, env=told, stderr=log)

        receiver = begin()
        try:
            for number in range(ROUNDS):
                writing = asyncio.gather(*(work(client, chance) for _ in range(AT_ONCE)))
                if number == ROUNDS // 2:
                    impatient_platform.kill("gateway")
                # It is killed in the midst of what it takes: wherever that happens to be.
                for _ in range(chance.randrange(1, 30)):
                    await asyncio.sleep(0.01)
                receiver.kill()
                receiver.wait()
                receiver = begin()
                await writing
            expected = await everything(client)
            assert all(expected.values())

            async def is_equal() -> bool:
                return {topic: kept(copy, topic) for topic in TOPICS.values()} == expected

            await eventually(is_equal, f"the copy differs: {tmp_path / 'receiver.log'}")
        finally:
            receiver.kill()
            receiver.wait()
            log.close()
