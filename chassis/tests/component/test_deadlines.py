"""A caller who waits no longer: the statement stops, and nothing of the command is left."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
from starlette.responses import Response

from chassis.database import Database
from chassis.web.application import application


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, 2)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def client(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    async def ready() -> list[str]:
        return []

    app = application("test", ready=ready)

    @app.post("/slow")
    async def slow() -> Response:
        async with database.pool.acquire() as connection, connection.transaction():
            await connection.execute("insert into written values (1)")
            await connection.execute("select pg_sleep(30)")
        return Response("done")

    @app.get("/fast")
    async def fast() -> Response:
        return Response("done")

    await database.pool.execute("create table written (number int)")
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        yield client


async def test_a_statement_stops_when_the_time_is_over(
    client: httpx.AsyncClient, database: Database, database_url: str
) -> None:
    answer = await client.post("/slow", headers={"Meridian-Time-Left": "200"})
    assert answer.status_code == 504
    assert answer.json()["type"] == "urn:meridian:problem:deadline-passed"
    assert answer.headers["Retry-After"] == "1"
    observer = await asyncpg.connect(database_url)
    for _ in range(200):
        asleep = await observer.fetchval(
            """select count(*) from pg_stat_activity
               where state = 'active' and query like 'select pg_sleep%'"""
        )
        if not asleep:
            break
        await asyncio.sleep(0.05)
    await observer.close()
    assert asleep == 0
    assert await database.pool.fetchval("select count(*) from written") == 0


async def test_who_is_fast_enough_answers(client: httpx.AsyncClient) -> None:
    for headers in ({}, {"Meridian-Time-Left": "60000"}):
        assert (await client.get("/fast", headers=headers)).text == "done"


@pytest.mark.parametrize("value", ["0", "-1", "soon", "1.5", "9999999999", ""])
async def test_a_time_that_is_none_is_a_malformed_request(
    client: httpx.AsyncClient, value: str
) -> None:
    answer = await client.get("/fast", headers={"Meridian-Time-Left": value})
    assert answer.status_code == 400
    assert answer.json()["field"] == "meridian-time-left"
