"""Signing keys: one at a time for the installation, announced before they sign, and followed."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import asyncpg
import httpx
import jwt
import pytest

from chassis.database import Connection, Database
from chassis.identity import IdentityVerifier
from chassis.testing import migrate_now
from cli.local.ports import any_ports
from cli.local.postgres import PostgresServer
from gateway.app import SERVICE
from gateway.directory.keys.keyring import Keyring
from gateway.directory.keys.signing_key import Rotation
from gateway.directory.keys.store import signing_keys
from gateway.testing.offices import made, open_office
from gateway.testing.processes import Gateway, running
from gateway.testing.upstreams import Upstream, serving

SERVICES = ("contacts", "sales", "marketing", "analytics")
ROTATION = Rotation(600, 86_400, 3_600)


@pytest.fixture
async def replica(database_url: str) -> AsyncIterator[Database]:
    await asyncio.to_thread(migrate_now, SERVICE, database_url)
    replica = Database(database_url, connections=8)
    await replica.open()
    yield replica
    await replica.close()


@pytest.fixture(scope="module")
def rotating(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """A gateway that reads its keys at each use."""
    postgres_server.create_database("rotating")
    ports = dict(any_ports(["gateway", *SERVICES]))
    with running(
        port=ports.pop("gateway"),
        upstream_ports=ports,
        database_url=postgres_server.database_url("rotating"),
        log=tmp_path_factory.mktemp("rotating") / "gateway.log",
        settings={"GATEWAY_KEYRING_SECONDS": "0"},
    ) as gateway:
        yield gateway


async def age(connection: Connection, days: float) -> None:
    """Let so many days pass for the keys."""
    await connection.execute(
        "update signing_key set signs_from = signs_from - make_interval(secs => $1)", days * 86_400
    )


async def published(client: httpx.AsyncClient) -> list[str]:
    return [key["kid"] for key in made(await client.get("/.well-known/jwks.json"))["keys"]]


def signer_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


async def test_replicas_that_start_together_share_one_key(replica: Database) -> None:
    found = await asyncio.gather(*(signing_keys(replica, ROTATION) for _ in range(8)))
    assert len({key.id for keys in found for key, _ in keys}) == 1
    assert await replica.pool.fetchval("select count(*) from signing_key") == 1


async def test_replicas_that_notice_together_make_one_next_key(replica: Database) -> None:
    ((first, _),) = await signing_keys(replica, ROTATION)
    async with replica.pool.acquire() as connection:
        await age(connection, 2)
    found = await asyncio.gather(*(signing_keys(replica, ROTATION) for _ in range(8)))
    assert await replica.pool.fetchval("select count(*) from signing_key") == 2
    ((old, old_signs), (new, new_signs)) = found[0]
    assert (old.id, old_signs, new_signs) == (first.id, True, False)
    assert new.id != old.id


async def test_a_clock_that_was_set_back_leaves_a_key_that_signs(replica: Database) -> None:
    ((first, _),) = await signing_keys(replica, ROTATION)
    async with replica.pool.acquire() as connection:
        await age(connection, -1)
    assert [(key.id, signs) for key, signs in await signing_keys(replica, ROTATION)] == [
        (first.id, True)
    ]
    assert (await Keyring(replica, ROTATION, 0).key()).id == first.id


async def test_keys_follow_one_another_while_everybody_stays_signed_in(rotating: Gateway) -> None:
    verifier = IdentityVerifier(f"{rotating.url}/.well-known/jwks.json")
    connection = await asyncpg.connect(rotating.database_url)
    async with AsyncExitStack() as clients:
        clients.push_async_callback(connection.close)
        contacts = await clients.enter_async_context(
            serving(Upstream(), rotating.upstream_ports["contacts"])
        )
        office = await open_office(rotating, "rotating", clients)
        (old,) = await published(office.stranger)

        await age(connection, 31)
        announcing, new = await published(office.stranger)
        assert announcing == old
        assert signer_of(made(await office.sign_in("anna"))["access_token"]) == old

        # The announcement is over.
        await connection.execute("update signing_key set signs_from = now() where id = $1", new)
        token = made(await office.sign_in("anna"))["access_token"]
        assert signer_of(token) == new
        assert await published(office.stranger) == [old, new]
        newcomer = await office.client(token)
        for client in (office.admin, newcomer):
            assert (await client.get("/v1/me")).status_code == 200
            assert (await client.get("/v1/people")).status_code == 200
            identity = contacts.asked[-1].headers["meridian-identity"]
            assert (await verifier.verify(identity)).tenant == office.tenant

        # The last token of the old key is over.
        await age(connection, 0.1)
        assert await published(office.stranger) == [new]
        assert (await newcomer.get("/v1/me")).status_code == 200
