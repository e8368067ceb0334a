"""Others follow from outside: what docs/integration shows, run, killed, and compared at the end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from meridian_client import AsyncMeridian
from tests.end_to_end.conftest import Platform
from tests.end_to_end.opportunities.company import CHECKOUT, Company, found

SHOWN = CHECKOUT / "docs" / "integration"
TOPICS = {
    "companies": "crm.contacts.company",
    "people": "crm.contacts.person",
    "touches": "crm.contacts.touch",
    "deals": "crm.sales.deal",
}
ROUNDS, AT_ONCE = 5, 10
_PATIENCE_SECONDS = 180

State = dict[str, dict[str, Any]]
"""Records by their ids."""


def environment(company: Company) -> dict[str, str]:
    """What a follower is told of who it is."""
    asked = company.sign_in
    return {
        **os.environ,
        "MERIDIAN_URL": company.platform.gateway_url,
        "MERIDIAN_USER": f"{asked.tenant}/{asked.login}",
        "MERIDIAN_PASSWORD": asked.password,
    }


def python_follower(company: Company, copy: Path) -> list[str]:
    url = company.platform.gateway_url
    return [sys.executable, str(SHOWN / "follow.py"), url, str(copy), *TOPICS]


def kept_in_sqlite(copy: Path, topic: str) -> State:
    if not copy.exists():
        return {}
    with contextlib.closing(sqlite3.connect(copy)) as database:
        rows = database.execute("select id, state from record where topic = ?", (topic,))
        return {id: json.loads(state) for id, state in rows}


def kept_in_files(copy: Path, topic: str) -> State:
    return {file.stem: json.loads(file.read_text()) for file in (copy / topic).glob("*.json")}


async def listed(client: AsyncMeridian, resource: str) -> State:
    """Every record of a kind, as its service lists it."""
    pages = client.transport.pages(f"/v1/{resource}", dict[str, Any])
    return {record["id"]: record async for page in pages for record in page}


async def send(client: AsyncMeridian, method: str, path: str, **body: Any) -> dict[str, Any]:
    answer: dict[str, Any] = await client.transport.send(
        method, f"/v1/{path}", dict, body=None if method == "DELETE" else body
    )
    return answer


async def work(client: AsyncMeridian, chance: random.Random) -> None:
    """A piece of everybody's day: records are made, changed, won, and deleted."""
    person = await send(client, "POST", "people", given_name="Ольга", family_name="Ким")
    company = await send(client, "POST", "companies", name="ООО «Ромашка»")
    customer = {"type": "company", "id": company["id"]}
    deal = await send(client, "POST", "deals", name="Кухня", customer=customer)
    await send(client, "POST", "touches", channel="call", subject="Замер", customer=customer)
    phone = f"+7495{chance.randrange(10**7):07}"
    await send(client, "PATCH", f"people/{person['id']}", phones=[phone])
    if chance.random() < 0.5:
        await send(client, "DELETE", f"people/{person['id']}")
    if chance.random() < 0.5:
        await send(client, "POST", f"deals/{deal['id']}/win")


async def eventually(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while not await condition():
        assert time.monotonic() < until, what
        await asyncio.sleep(0.1)


async def ready_to_sell(client: AsyncMeridian) -> None:
    """A new tenant has its pipeline as soon as sales has heard of it."""

    async def has_pipeline() -> bool:
        return bool(await listed(client, "pipelines"))

    await eventually(has_pipeline, "no pipeline")


async def everything(client: AsyncMeridian) -> dict[str, State]:
    return {topic: await listed(client, resource) for resource, topic in TOPICS.items()}


@pytest.mark.skipif(not all(map(shutil.which, ("curl", "jq"))), reason="needs curl and jq")
async def test_what_is_shown_to_others_works(platform: Platform, tmp_path: Path) -> None:
    company = await found(platform)
    in_sqlite, in_files = tmp_path / "copy.db", tmp_path / "copy"
    shell = ["sh", str(SHOWN / "follow.sh"), str(in_files), *TOPICS]
    python = [*python_follower(company, in_sqlite), "--once"]
    told = environment(company) | {"ONCE": "1"}

    async def is_equal(
        command: list[str],
        read: Callable[[Path, str], State],
        copy: Path,
        expected: dict[str, State],
    ) -> bool:
        done = await asyncio.to_thread(
            subprocess.run, command, env=told, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return {topic: read(copy, topic) for topic in TOPICS.values()} == expected

    async with company.signed_in() as client:
        await ready_to_sell(client)
        chance = random.Random(1)
        for _ in range(2):
            # First from a snapshot, then from the cursor.
            await asyncio.gather(*(work(client, chance) for _ in range(3)))
            now = await everything(client)
            by_python = partial(is_equal, python, kept_in_sqlite, in_sqlite, now)
            await eventually(by_python, "what is in SQLite differs")
            by_shell = partial(is_equal, shell, kept_in_files, in_files, now)
            await eventually(by_shell, "what is in files differs")


async def test_a_follower_that_is_killed_with_the_gateway_ends_equal_to_the_services(
    own_platform: Platform, tmp_path: Path
) -> None:
    company, copy = await found(own_platform), tmp_path / "copy.db"
    log = (tmp_path / "follower.log").open("wb")
    told = environment(company)
    chance = random.Random(7)

    def begin() -> subprocess.Popen[bytes]:
        return subprocess.Popen(python_follower(company, copy), env=told, stderr=log)

    async with company.signed_in() as client:
        await ready_to_sell(client)
        await work(client, chance)
        follower = begin()
        try:
            for number in range(ROUNDS):
                writing = asyncio.gather(*(work(client, chance) for _ in range(AT_ONCE)))
                if number == ROUNDS // 2:
                    own_platform.kill("gateway")
                # It is killed in the midst of what it reads: wherever that happens to be.
                for _ in range(chance.randrange(1, 30)):
                    await asyncio.sleep(0.01)
                follower.kill()
                follower.wait()
                follower = begin()
                await writing
            expected = await everything(client)
            assert all(expected.values())

            async def is_equal() -> bool:
                return {t: kept_in_sqlite(copy, t) for t in TOPICS.values()} == expected

            await eventually(is_equal, f"the copy differs: {(tmp_path / 'follower.log')}")
        finally:
            follower.kill()
            follower.wait()
            log.close()
