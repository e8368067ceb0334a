"""A service in a test: its real application on a real database, spoken to as its users do.

    async with running(SERVICE, database_url) as contacts:
        agent = contacts.client(tenant, permissions=reaching("own", "companies", "touches"))
        answer = await agent.post("/v1/companies", json={"name": "ООО Ромашка"})

Nothing here stands in for a part of the service: requests pass through its HTTP
application, identities are signed and verified, statements run on PostgreSQL or MongoDB.
Only the broker is left out: `deliver` hands events to a consumer's inbox as a
batch. Needs httpx, which only the tests install.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx
import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from jwt.algorithms import OKPAlgorithm

from chassis.database import Database
from chassis.identity import HEADER, FieldRules, Identity, IdentityVerifier, claims_of
from chassis.inbox import Inbox
from chassis.journal import changed_fields, encoder
from chassis.service import Service, assemble, bring_up_to_date
from chassis.settings import PlatformSettings
from chassis.storage import database_at
from chassis.testing_records import records_of
from chassis.transactions import Transactions, now, uuid7
from chassis.worker import Worker
from events.envelope import Change, Event
from events.topics import Aggregate, owned_by
from events.values import Reach, Record

State = TypeVar("State", bound=Record)


def migrate_now(service: Service, database_url: str) -> str:
    """Bring an empty database to the service's newest revision; returns its URL.

    Do it once a session and give every test a tenant of its own: tenants do not
    see each other, and migrating takes longer than most tests.
    """
    asyncio.run(bring_up_to_date(service, database_url))
    return database_url


def reaching(reach: Reach, *resources: str) -> dict[str, Reach]:
    """Permissions to read and write these resources within `reach`."""
    return {f"{name}:{action}": reach for name in resources for action in ("read", "write")}


class Signer:
    """Signs identities as the gateway does, with a key of its own."""

    KEY_ID = "test"

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()

    def sign(self, identity: Identity, lifetime_seconds: int = 600) -> str:
        """The value of the `Meridian-Identity` header."""
        claims = claims_of(identity, lifetime_seconds)
        return jwt.encode(claims, self._key, algorithm="EdDSA", headers={"kid": self.KEY_ID})

    async def published(self) -> dict[str, jwt.PyJWK]:
        """The public keys by their ids, as the gateway's JWKS lists them."""
        public = OKPAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {self.KEY_ID: jwt.PyJWK(public, algorithm="EdDSA")}


class Running:
    """One service at work on one database."""

    def __init__(
        self, service: Service, app: FastAPI, transactions: Transactions, signer: Signer
    ) -> None:
        self.app = app
        self.transactions = transactions
        self.records = records_of(transactions.any_database)
        self.signer = signer
        self._inboxes = {
            consumer.name: Inbox(consumer, transactions) for consumer in service.consumers
        }
        self._clients = AsyncExitStack()

    @property
    def database(self) -> Database:
        """The database of a service that runs on PostgreSQL."""
        return self.transactions.database

    # -- people -----------------------------------------------------------------

    def client(
        self,
        tenant: UUID,
        *,
        permissions: Mapping[str, Reach],
        user: UUID | None = None,
        department_path: tuple[UUID, ...] = (),
        fields: FieldRules | None = None,
    ) -> httpx.AsyncClient:
        """An HTTP client that speaks as one user (a new one unless named)."""
        user = user or uuid4()
        return self.client_of(
            Identity(
                tenant=tenant,
                user=user,
                actor=str(user),
                department=department_path[-1] if department_path else None,
                department_path=department_path,
                permissions=permissions,
                fields=fields or {},
            )
        )

    def client_of(self, identity: Identity | None) -> httpx.AsyncClient:
        """An HTTP client that speaks as `identity`; None is a stranger."""
        headers = {HEADER: self.signer.sign(identity)} if identity is not None else {}
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.app),
            base_url="http://service.test",
            headers=headers,
        )
        self._clients.push_async_callback(client.aclose)
        return client

    async def place(
        self, tenant: UUID, path: tuple[UUID, ...], time_zone: str = "Europe/Moscow"
    ) -> None:
        """Let the service know a department: the last of `path`, below the others."""
        await self.records.place(tenant, path, time_zone)

    # -- events -----------------------------------------------------------------

    async def deliver(self, consumer: str, *events: Event[Any]) -> int:
        """Hand one batch of events to a consumer (`contacts.reactions`); returns its effects.

        What fails for good is parked, as at work: see `parked`.
        """
        return await self._inboxes[consumer].apply_events(events)

    async def parked(self, tenant: UUID) -> list[str]:
        """Why keys of `tenant` wait for an operator, one text for each."""
        return await self.records.parked(tenant)

    async def journal(self, tenant: UUID) -> list[Event[Any]]:
        """Every event the service has journalled for `tenant`, in order."""
        bodies = await self.records.journal(tenant)
        return [msgspec.json.decode(body, type=Event[Any]) for body in bodies]

    async def remembered(self, *marks: str) -> list[str]:
        """The tables or collections in which one of these texts still stands, in any field."""
        return await self.records.where_it_stands(*marks)

    async def close(self) -> None:
        await self._clients.aclose()


@asynccontextmanager
async def running(service: Service, database_url: str, **settings: Any) -> AsyncIterator[Running]:
    """The service on a migrated database (see `migrate_now`), for the length of one test.

    `settings` are those of the service that differ from their defaults.
    """
    platform, signer = PlatformSettings(), Signer()
    database = database_at(database_url, 8, owned_by(service.owner))
    await database.open()
    transactions = Transactions(service.name, database)
    worker = Worker(service.name, service.owner, service.consumers, transactions, platform)
    own = service.settings(database_url=database_url, **settings)
    app = assemble(service, "api", transactions, worker, platform, own)
    app.state.identities = IdentityVerifier(signer.published)
    kit = Running(service, app, transactions, signer)
    try:
        yield kit
    finally:
        await kit.close()
        await database.close()


def event(
    aggregate: Aggregate,
    verb: str,
    after: State,
    *,
    tenant: UUID,
    before: State | None = None,
    id: UUID | None = None,
) -> Event[State]:
    """The event `verb` of `aggregate` as a consumer decodes it from the wire."""
    told = _told(aggregate, verb, after.id, after.version, tenant, id)
    return _on_the_wire(aggregate, told, Change(after, changed_fields(before, after)))


def emptied(aggregate: Aggregate, verb: str, id: UUID, version: int, *, tenant: UUID) -> Event[Any]:
    """An event without a state: that of a removal, or any one whose subject was erased."""
    told = _told(aggregate, verb, id, version, tenant, None)
    return _on_the_wire(aggregate, told, Change(None))


def _told(
    aggregate: Aggregate, verb: str, subject: UUID, version: int, tenant: UUID, id: UUID | None
) -> Event[Any]:
    return Event(
        specversion="1.0",
        datacontenttype="application/json",
        id=id or uuid7(),
        source=f"/{aggregate.topic.owner}",
        type=aggregate.type_of(verb),
        subject=str(subject),
        time=now(),
        tenantid=tenant,
        aggregateversion=version,
        actor="somebody",
        data=Change(None),
    )


def _on_the_wire(aggregate: Aggregate, told: Event[Any], change: Change[Any]) -> Event[Any]:
    wire = encoder.encode(msgspec.structs.replace(told, data=change))
    decoded: Event[Any] = msgspec.json.decode(wire, type=Event[aggregate.state])  # type: ignore[name-defined]
    return decoded
