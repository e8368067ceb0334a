"""A gateway of a few lines, on a real socket, that misbehaves as a test's `script` says."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from meridian_client import AsyncMeridian
from meridian_client.testing import Script, problem, serving

ID = str(uuid.UUID(int=7))
TENANT = {"id": ID, "version": 1, "slug": "acme", "name": "Acme", "currency": "USD"}
USER = {
    "id": ID,
    "version": 1,
    "name": "Ada",
    "login": "ada",
    "status": "active",
    "roles": ["agent"],
}


class Gateway:
    """Keeps what it was asked; `script` may answer, or fail, before it does."""

    def __init__(self) -> None:
        self.url = ""
        self.script: Script | None = None
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.bodies: list[bytes] = []
        self.valid: set[str] = set()
        self.names: dict[str, str] = {}

    async def answer(self, request: web.Request) -> web.Response:
        self.requests.append((request.method, request.raw_path, dict(request.headers)))
        self.bodies.append(await request.read())
        scripted = await self.script(request) if self.script is not None else None
        if scripted is not None:
            return scripted
        if request.path == "/v1/sessions":
            return await self._session(request)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.valid:
            return problem(401, "unauthenticated", "The token is not valid.")
        if request.path.endswith("/bulk"):
            return await self._bulk(request)
        return web.json_response(TENANT)

    def keys(self) -> list[str]:
        """The idempotency keys of what was asked."""
        return [headers["Idempotency-Key"] for _, _, headers in self.requests]

    async def _session(self, request: web.Request) -> web.Response:
        if (await request.json())["password"] != "secret":
            return problem(401, "wrong-credentials", "The login or the password is wrong.")
        token = uuid.uuid4().hex
        self.valid.add(token)
        session = {"access_token": token, "expires_in": 900, "refresh_token": "r", "user": USER}
        return web.json_response(
            {**session, "session": ID, "session_expires": "2026-02-01T00:00:00Z"}
        )

    async def _bulk(self, request: web.Request) -> web.Response:
        verdicts: list[dict[str, Any]] = []
        for index, item in enumerate((await request.json())["items"]):
            id = str(uuid.uuid4())
            self.names[id] = item["name"]
            verdicts.append({"index": index, "verdict": "created", "id": id, "version": 1})
        written = ", ".join(f"crm.contacts.company/{verdict['id']}@1" for verdict in verdicts[-1:])
        return web.json_response({"items": verdicts}, headers={"Meridian-Written": written})


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    gateway = Gateway()
    async with serving(gateway.answer) as gateway.url:
        yield gateway


@pytest.fixture
async def client(gateway: Gateway) -> AsyncIterator[AsyncMeridian]:
    async with AsyncMeridian(gateway.url, patience=5.0) as client:
        await client.sign_in("acme", "ada", "secret")
        gateway.requests.clear()
        gateway.bodies.clear()
        yield client
