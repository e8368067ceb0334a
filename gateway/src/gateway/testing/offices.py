"""A tenant of one's own, and the people who work there."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from gateway.testing.processes import BOOTSTRAP_TOKEN, Gateway

PASSWORD = "correct horse battery"  # noqa: S105 - of tests


def tenant_draft(slug: str) -> dict[str, Any]:
    """The body that creates a tenant whose administrator signs in as `anna`."""
    return {
        "name": "ООО «Ромашка»",
        "slug": slug,
        "currency": "RUB",
        "language": "ru",
        "time_zone": "Europe/Moscow",
        "city": "Москва",
        "administrator": {"name": "Анна Иванова", "login": "anna", "password": PASSWORD},
    }


def client_of(gateway: Gateway, token: str | None = None) -> httpx.AsyncClient:
    """Somebody who speaks to the gateway, with an access token or as a stranger."""
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    return httpx.AsyncClient(base_url=gateway.url, headers=headers, timeout=30)


@dataclass(slots=True)
class Office:
    """A tenant with its root department and administrator, and how to speak to the gateway."""

    slug: str
    tenant: UUID
    root: str
    administrator: dict[str, Any]
    admin: httpx.AsyncClient
    stranger: httpx.AsyncClient
    _gateway: Gateway
    _clients: AsyncExitStack
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    async def sign_in(self, login: str, password: str = PASSWORD) -> httpx.Response:
        return await self.stranger.post(
            "/v1/sessions", json={"tenant": self.slug, "login": login, "password": password}
        )

    async def client(self, token: str) -> httpx.AsyncClient:
        return await self._clients.enter_async_context(client_of(self._gateway, token))

    async def signed_in(self, login: str, password: str = PASSWORD) -> httpx.AsyncClient:
        """Whoever signs in so."""
        return await self.client(made(await self.sign_in(login, password))["access_token"])

    async def invited(self, *roles: str, **fields: Any) -> dict[str, Any]:
        """`{user, invitation}` of a new user, an agent in the root department unless told."""
        number = next(self._numbers)
        draft: dict[str, Any] = {
            "name": f"User {number}",
            "login": f"user{number}",
            "roles": roles or ("agent",),
            "department": self.root,
        }
        return made(await self.admin.post("/v1/users", json=draft | fields))

    async def accept(self, invitation: str, password: str = PASSWORD) -> httpx.Response:
        return await self.stranger.post(
            "/v1/invitations/accept", json={"invitation": invitation, "password": password}
        )

    async def employed(
        self, *roles: str, **fields: Any
    ) -> tuple[dict[str, Any], httpx.AsyncClient]:
        """A new user who has accepted the invitation, and is signed in."""
        invited = await self.invited(*roles, **fields)
        user = made(await self.accept(invited["invitation"]))
        return user, await self.signed_in(user["login"])

    async def department(self, name: str, **fields: Any) -> dict[str, Any]:
        """A new department, below the root and in Moscow unless told."""
        draft = {"name": name, "time_zone": "Europe/Moscow"}
        return made(await self.admin.post("/v1/departments", json=draft | fields))


async def open_office(gateway: Gateway, slug: str, clients: AsyncExitStack) -> Office:
    """Create a tenant and sign its administrator in; `clients` closes who speaks for it."""
    stranger = await clients.enter_async_context(client_of(gateway))
    tenant = made(
        await stranger.post(
            "/v1/tenants",
            json=tenant_draft(slug),
            headers={"Authorization": f"Bearer {BOOTSTRAP_TOKEN}"},
        )
    )
    office = Office(
        slug=slug,
        tenant=UUID(tenant["tenant"]["id"]),
        root=tenant["department"]["id"],
        administrator=tenant["user"],
        admin=stranger,
        stranger=stranger,
        _gateway=gateway,
        _clients=clients,
    )
    office.admin = await office.signed_in("anna")
    return office


def made(answer: httpx.Response) -> dict[str, Any]:
    """The body of an answer that is no problem."""
    assert answer.is_success, answer.text
    return dict(answer.json())
