"""Several processes send for the same webhooks, and some of them end at any moment."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp import web

from gateway.delivery.webhooks import turn
from gateway.delivery.webhooks.sending import Dispatcher, sending_webhooks
from gateway.settings import GatewaySettings
from gateway.testing.deliveries import Desk, opened_desk, product
from gateway.testing.hooks import hooked
from gateway.testing.offices import Office
from gateway.testing.processes import Gateway
from gateway.testing.receivers import Received, Receiver, until

SETTINGS: dict[str, Any] = {
    "database_url": "",
    "webhook_hosts": "127.0.0.1:*",
    "webhook_seconds": 0.3,
    "webhook_pause_seconds": 0.05,
    "webhook_longest_pause_seconds": 0.2,
    "webhook_waiting": 30,
}


async def kill(dispatcher: Dispatcher) -> None:
    """End what a sender has under way, in the middle: nothing is written down or given back."""
    turns = set(dispatcher._turns)
    for one in turns:
        one.cancel()
    await asyncio.gather(*turns, return_exceptions=True)


async def test_no_record_loses_its_order_or_an_event_whoever_sends_and_ends(
    office: Office,
    receiver: Receiver,
    gateway: Gateway,
    broker_side: Desk,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def end(_: turn.TurnAtWork) -> None:
        """As it is when a process is killed: the lease runs out by itself."""

    monkeypatch.setattr(turn, "TURN_SECONDS", 0.3)
    monkeypatch.setattr(turn, "MARGIN_SECONDS", 0.2)
    monkeypatch.setattr(turn.TurnAtWork, "_end", end)
    chance = random.Random(7)

    async def sometimes(_: Received) -> web.StreamResponse:
        what = chance.random()
        if what < 0.03:
            await asyncio.sleep(0.5)
        return web.Response(status=500 if what < 0.2 else 204)

    receiver.answer = sometimes
    ids = [uuid4() for _ in range(8)]
    for number in range(2):
        await hooked(office.admin, f"{receiver.url}/{number}")
    async with AsyncExitStack() as processes:
        dispatchers = []
        for _ in range(2):
            desk = await processes.enter_async_context(opened_desk(gateway.database_url))
            dispatchers.append(
                await processes.enter_async_context(
                    sending_webhooks(desk.log, GatewaySettings(**SETTINGS), asyncio.Event())
                )
            )
        for version in range(1, 13):
            await broker_side.deliver(*(product(office.tenant, id, version) for id in ids))
        for count in (20, 60, 100):
            await receiver.until(count)
            for dispatcher in dispatchers:
                await kill(dispatcher)
        await until(lambda: _is_whole(receiver, ids))
    places = {(one.path, one.place) for one in receiver.received}
    ids_of_places = {(one.path, one.place, one.id) for one in receiver.received}
    assert len(places) == len(ids_of_places) == 2 * 8 * 12, "what is sent again has the same id"


def _taken(receiver: Receiver, number: int) -> dict[str, list[int]]:
    """What a receiver that knows what it has makes of it: versions of each record, as accepted.

    AssertionError where one comes before its turn.
    """
    found: dict[str, list[int]] = {}
    for one in list(receiver.accepted):
        if not one.path.endswith(f"/{number}"):
            continue
        id, version = one.place
        versions = found.setdefault(id, [])
        assert version <= len(versions) + 1, f"{version} after {versions}"
        if version > len(versions):
            versions.append(version)
    return found


def _is_whole(receiver: Receiver, ids: list[UUID]) -> bool:
    whole = {str(id): list(range(1, 13)) for id in ids}
    return all(_taken(receiver, number) == whole for number in range(2))
