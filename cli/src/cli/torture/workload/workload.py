"""The clients at work: founding tenants, then random operations until the time is over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from random import Random
from typing import Any
from uuid import UUID

import aiohttp

from cli.torture.history import History, Operation
from cli.torture.workload.client import Client, id_of
from cli.torture.workload.commands import OPERATIONS, founding
from cli.torture.workload.records import KINDS
from cli.torture.workload.world import PASSWORD, Tenant, World, marker

CLIENTS = 6
_FIRST_TENANTS = 3
_MOST_TENANTS = 40
_LONGEST_PAUSE = 0.12
_FOUNDS_ONE_IN = 400
_ENTRY_SECONDS = 90.0
_OF_PATH = {form.path: kind for kind, form in KINDS.items()}


class Workload:
    """Random operations of `CLIENTS` clients; `seed` decides which."""

    def __init__(
        self, seed: int, gateways: tuple[str, ...], bootstrap_token: str, history: History
    ) -> None:
        self._seed = seed
        self._gateways = gateways
        self._bootstrap_token = bootstrap_token
        self._history = history
        self._world = World()

    async def begin(self) -> None:
        """Found the first tenants, in peace, and let each have what all others need."""
        dice = Random(f"{self._seed} founding")
        async with Client(0, self._gateways, self._history, dice) as client:
            for _ in range(_FIRST_TENANTS):
                await self._found(client, dice)
            for tenant in self._world.tenants:
                for name in ("create channel", "create campaign", "create form"):
                    await self._one(client, tenant, dice, name)

    async def run(self, is_over: Callable[[], bool]) -> None:
        """Let the clients work until `is_over` says so and what is under way has ended."""
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
            for number in range(1, CLIENTS + 1):
                dice = Random(f"{self._seed} client {number}")
                client = Client(number, self._gateways, self._history, dice)
                await stack.enter_async_context(client)
                tasks.create_task(self._work(client, dice, is_over))

    async def _work(self, client: Client, dice: Random, is_over: Callable[[], bool]) -> None:
        weights = [weight for weight, _ in OPERATIONS]
        makers = [maker for _, maker in OPERATIONS]
        while not is_over():
            tenants = self._world.tenants
            if len(tenants) < _MOST_TENANTS and dice.randrange(_FOUNDS_ONE_IN) == 0:
                await self._found(client, dice)
                continue
            tenant = dice.choice(tenants)
            (maker,) = dice.choices(makers, weights)
            operation = maker(tenant, dice, marker(dice))
            if operation is not None:
                learn(tenant, await client.run(operation, tenant.token))
            await asyncio.sleep(dice.uniform(0, _LONGEST_PAUSE))

    async def _one(self, client: Client, tenant: Tenant, dice: Random, name: str) -> None:
        """One operation of this name."""
        for _, maker in OPERATIONS:
            operation = maker(tenant, dice, marker(dice))
            if operation is not None and operation.kind == name:
                learn(tenant, await client.run(operation, tenant.token))
                return

    async def _found(self, client: Client, dice: Random) -> None:
        """Found a tenant and enter it; one that cannot be entered is nobody's any more."""
        self._world.founded += 1
        operation = founding(self._world.founded, self._seed, dice)
        await client.run(operation, self._bootstrap_token)
        if operation.outcome == "ok":
            tenant = await self._enter(operation.body["slug"])
            if tenant is not None:
                self._world.tenants.append(tenant)

    async def _enter(self, slug: str) -> Tenant | None:
        credentials = {"tenant": slug, "login": "root", "password": PASSWORD}
        timeout = aiohttp.ClientTimeout(total=8)
        async with aiohttp.ClientSession(self._gateways[0], timeout=timeout) as session:
            signed_in = await _patiently(session, "POST", "/v1/sessions", json=credentials)
            if signed_in is None:
                return None
            bearer = {"Authorization": f"Bearer {signed_in['access_token']}"}
            user = signed_in["user"]
            me = await _patiently(session, "GET", "/v1/me", headers=bearer)
            pipelines = await _patiently(
                session, "GET", "/v1/pipelines", headers=bearer, wanted="items"
            )
            reasons = await _patiently(
                session, "GET", "/v1/reasons", headers=bearer, wanted="items"
            )
        if me is None:
            return None
        return Tenant(
            id=UUID(me["tenant"]["id"]),
            slug=slug,
            token=signed_in["access_token"],
            root=UUID(user["department"]),
            stages=[UUID(s["id"]) for p in (pipelines or {}).get("items", ()) for s in p["stages"]],
            reasons=[
                UUID(reason["id"])
                for reason in (reasons or {}).get("items", ())
                if reason["outcome"] == "lost"
            ],
        )


async def _patiently(
    session: aiohttp.ClientSession, method: str, path: str, *, wanted: str = "", **request: Any
) -> Any:
    """The answer's JSON, once there is one, with something `wanted` in it; None without."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _ENTRY_SECONDS
    while loop.time() < deadline:
        try:
            async with session.request(method, path, **request) as answer:
                if answer.status < 400:
                    said = await answer.json()
                    if not wanted or said.get(wanted):
                        return said
        except (aiohttp.ClientError, TimeoutError, OSError):
            pass
        await asyncio.sleep(0.3)
    return None


def learn(tenant: Tenant, operation: Operation) -> None:
    """Take in what an answered operation told of records."""
    attempt = operation.answered
    if attempt is None:
        if operation.subject is not None and operation.attempts[-1].said.startswith("404"):
            tenant.forget(_kind_of(operation), operation.subject)
        return
    kind = _kind_of(operation)
    if operation.method == "DELETE" and operation.subject is not None:
        tenant.forget(kind, operation.subject)
    elif isinstance(attempt.answer, list):
        for verdict, id, version in attempt.answer:
            if verdict != "rejected" and id is not None and kind in KINDS:
                tenant.note(kind, UUID(id), version)
    elif (id := id_of(attempt)) is not None and kind in KINDS:
        tenant.note(kind, id, attempt.answer["version"])


def _kind_of(operation: Operation) -> str:
    """The kind of record that an operation is about: the last word of what it is called."""
    return operation.kind.rpartition(" ")[2]
