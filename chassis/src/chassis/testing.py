"""A service in a test: its real application on a real database, spoken to as its users do.

    async with running(SERVICE, database_url) as contacts:
        agent = contacts.client(tenant, permissions=reaching("own", "companies", "touches"))
        answer = await agent.post("/v1/companies", json={"name": "ООО Ромашка"})

Nothing here stands in for a part of the service: requests pass through its HTTP
application, identities are signed and verified, statements run on PostgreSQL.
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

from chassis.access import place_department
from chassis.database import Database
from chassis.identity import HEADER, Identity, IdentityVerifier, Reach, claims_of
from chassis.inbox import Inbox
from chassis.journal import changed_fields, encoder
from chassis.migrations import migrate
from chassis.service import Service, assemble
from chassis.settings import PlatformSettings
from chassis.transactions import Transactions, now, uuid7
from chassis.worker import Worker
from events.envelope import Change, Event
from events.topics import Aggregate
from events.values import Record

State = TypeVar("State", bound=Record)


def migrate_now(service: Service, database_url: str) -> str:
    """Bring an empty database to the service's newest revision; returns its URL.

    Do it once a session and give every test a tenant of its own: tenants do not
    see each other, and migrating takes longer than most tests.
    """
    asyncio.run(migrate(service.migrations, database_url))
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
        self.database = transactions.database
        self.transactions = transactions
        self.signer = signer
        self._inboxes = {
            consumer.name: Inbox(consumer, transactions) for consumer in service.consumers
        }
        self._clients = AsyncExitStack()

    # -- people -----------------------------------------------------------------

    def client(
        self,
        tenant: UUID,
        *,
        permissions: Mapping[str, Reach],
        user: UUID | None = None,
        department_path: tuple[UUID, ...] = (),
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
        async with self.database.pool.acquire() as connection:
            await place_department(
                connection, tenant=tenant, id=path[-1], version=1, path=path, time_zone=time_zone
            )

    # -- events -----------------------------------------------------------------

    async def deliver(self, consumer: str, *events: Event[Any]) -> int:
        """Hand one batch of events to a consumer (`contacts.reactions`); returns its effects.

        What fails for good is parked, as at work: see `parked`.
        """
        return await self._inboxes[consumer].apply_events(events)

    async def parked(self, tenant: UUID) -> list[str]:
        """Why keys of `tenant` wait for an operator, one text for each."""
        rows = await self.database.pool.fetch(
            "select error from parked_key where tenant = $1 order by topic, since, key", tenant
        )
        return [row["error"] for row in rows]

    async def journal(self, tenant: UUID) -> list[Event[Any]]:
        """Every event the service has journalled for `tenant`, in order."""
        rows = await self.database.pool.fetch(
            "select body from journal where tenant = $1 order by position", tenant
        )
        return [msgspec.json.decode(row["body"], type=Event[Any]) for row in rows]

    async def remembered(self, *marks: str) -> list[str]:
        """The tables of the service in which one of these texts still stands, in any column."""
        return await where_it_stands(self.database.pool, *marks)

    async def close(self) -> None:
        await self._clients.aclose()


async def where_it_stands(connection: Any, *marks: str) -> list[str]:
    """The tables of a database in which one of `marks` stands, in any column, whatever its case.

    Bytes are read as text.
    """
    columns = await connection.fetch(
        """select c.relname as table, a.attname as column, a.atttypid = 'bytea'::regtype as bytes
           from pg_class c join pg_attribute a on a.attrelid = c.oid
           where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
                 and a.attnum > 0 and not a.attisdropped"""
    )
    found = set()
    for column in columns:
        name = f'"{column["column"]}"'
        if column["bytes"]:
            stands = f"position(convert_to(mark, 'UTF8') in {name}) > 0"
        else:
            stands = f"position(lower(mark) in lower({name}::text)) > 0"
        if await connection.fetchval(
            f"""select exists (select from "{column["table"]}"
                               join unnest($1::text[]) as mark on {stands})""",  # noqa: S608
            list(marks),
        ):
            found.add(str(column["table"]))
    return sorted(found)


@asynccontextmanager
async def running(service: Service, database_url: str, **settings: Any) -> AsyncIterator[Running]:
    """The service on a migrated database (see `migrate_now`), for the length of one test.

    `settings` are those of the service that differ from their defaults.
    """
    platform, signer = PlatformSettings(), Signer()
    database = Database(database_url, connections=8)
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
