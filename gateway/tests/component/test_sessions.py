"""Sessions: prolonged by refresh tokens, listed, and ended at every gateway."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from chassis.database import Connection
from cli.local.ports import any_ports
from gateway.testing.offices import Office, client_of, made
from gateway.testing.processes import Gateway, running

NOT_VALID = "urn:meridian:problem:refresh-token-not-valid"
_PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def replica(gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Another gateway on the same database."""
    with running(
        port=any_ports(["gateway"])["gateway"],
        upstream_ports=gateway.upstream_ports,
        database_url=gateway.database_url,
        log=tmp_path_factory.mktemp("replica") / "gateway.log",
        settings={},
    ) as other:
        yield other


async def refreshed(office: Office, token: str) -> httpx.Response:
    return await office.stranger.post("/v1/sessions/refresh", json={"refresh_token": token})


async def signed_in(
    office: Office, login: str = "anna"
) -> tuple[dict[str, Any], httpx.AsyncClient]:
    session = made(await office.sign_in(login))
    return session, await office.client(session["access_token"])


async def refused(client: httpx.AsyncClient) -> None:
    """Wait until the client's token does not hold any more."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while (await client.get("/v1/me")).status_code != 401:
        assert time.monotonic() < until, "the token still holds"
        await asyncio.sleep(0.05)


async def test_a_session_is_prolonged_with_new_tokens(office: Office) -> None:
    session, _ = await signed_in(office)
    answer = await refreshed(office, session["refresh_token"])
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    prolonged = answer.json()
    assert prolonged["session"] == session["session"]
    assert prolonged["session_expires"] == session["session_expires"]
    assert prolonged["refresh_token"] != session["refresh_token"]
    again = await office.client(prolonged["access_token"])
    assert (await again.get("/v1/me")).status_code == 200
    assert (await refreshed(office, prolonged["refresh_token"])).status_code == 201


async def test_a_refresh_token_used_twice_ends_its_session_for_everybody(office: Office) -> None:
    session, thief = await signed_in(office)
    prolonged = made(await refreshed(office, session["refresh_token"]))
    owner = await office.client(prolonged["access_token"])
    again = await refreshed(office, session["refresh_token"])
    assert (again.status_code, again.json()["type"]) == (401, NOT_VALID)
    after = await refreshed(office, prolonged["refresh_token"])
    assert (after.status_code, after.json()["type"]) == (401, NOT_VALID)
    await refused(thief)
    await refused(owner)
    assert (await office.admin.get("/v1/me")).status_code == 200


async def test_of_refreshes_at_once_one_succeeds_and_the_session_ends(office: Office) -> None:
    session, _ = await signed_in(office)
    answers = await asyncio.gather(*(refreshed(office, session["refresh_token"]) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 401, 401]
    winner = next(answer for answer in answers if answer.status_code == 201).json()
    assert (await refreshed(office, winner["refresh_token"])).status_code == 401


async def test_a_refresh_token_of_nobody_does_not_hold(office: Office) -> None:
    answer = await refreshed(office, "nonsense")
    assert (answer.status_code, answer.json()["type"]) == (401, NOT_VALID)


async def test_neither_a_disabled_user_nor_an_expired_session_is_prolonged(
    office: Office, database: Connection
) -> None:
    user, _ = await office.employed()
    session, client = await signed_in(office, user["login"])
    path = f"/v1/users/{user['id']}"
    made(await office.admin.patch(path, json={"status": "disabled"}))
    assert (await refreshed(office, session["refresh_token"])).status_code == 401
    made(await office.admin.patch(path, json={"status": "active"}))
    await database.execute(
        "update session set expires = now() where tenant = $1 and user_id = $2::uuid",
        office.tenant,
        user["id"],
    )
    assert (await refreshed(office, session["refresh_token"])).status_code == 401
    await refused(client)


async def test_one_sees_and_ends_ones_own_sessions_and_no_others(office: Office) -> None:
    user, first = await office.employed()
    second, _ = await signed_in(office, user["login"])
    listed = made(await first.get("/v1/sessions"))["items"]
    assert [known["user"] for known in listed] == [user["id"]] * 2
    assert listed[0]["id"] == second["session"]
    assert listed[0]["address"] == "127.0.0.1"
    assert listed[0]["client"].startswith("python-httpx")
    assert (await office.admin.delete(f"/v1/sessions/{second['session']}")).status_code == 404
    ended = made(await first.delete(f"/v1/sessions/{second['session']}"))
    assert ended["ended"] is not None
    left = made(await first.get("/v1/sessions"))["items"]
    assert [known["id"] for known in left] == [listed[1]["id"]]
    assert (await refreshed(office, second["refresh_token"])).status_code == 401


async def test_an_administrator_ends_a_users_sessions_at_every_gateway(
    office: Office, replica: Gateway
) -> None:
    user, here = await office.employed()
    session, _ = await signed_in(office, user["login"])
    async with AsyncExitStack() as clients:
        there = await clients.enter_async_context(client_of(replica, session["access_token"]))
        assert (await there.get("/v1/me")).status_code == 200
        path = f"/v1/users/{user['id']}/sessions"
        listed = made(await office.admin.get(path))["items"]
        ended = made(await office.admin.delete(path))["ended"]
        assert sorted(known["id"] for known in listed) == sorted(ended)
        assert session["session"] in ended
        assert (await here.get("/v1/me")).status_code == 401
        await refused(there)
    assert made(await office.admin.get(path))["items"] == []


async def test_only_administrators_meddle_with_the_sessions_of_others(
    new_office: Callable[[], Awaitable[Office]],
) -> None:
    office, other = await new_office(), await new_office()
    _, agent = await office.employed("manager")
    path = f"/v1/users/{office.administrator['id']}/sessions"
    assert (await agent.get(path)).status_code == 403
    assert (await agent.delete(path)).status_code == 403
    assert (await other.admin.delete(path)).status_code == 404
    assert (await office.admin.get("/v1/me")).status_code == 200


async def test_a_new_password_ends_the_sessions_of_the_old_one(office: Office) -> None:
    user, client = await office.employed()
    issued = made(await office.admin.post(f"/v1/users/{user['id']}/invitation"))
    made(await office.accept(issued["invitation"], "quite another one"))
    assert (await client.get("/v1/me")).status_code == 401


async def test_refresh_tokens_are_kept_as_fingerprints(
    office: Office, database: Connection
) -> None:
    session, _ = await signed_in(office)
    rows = await database.fetch(
        "select row_to_json(refresh_token)::text as row from refresh_token where tenant = $1",
        office.tenant,
    )
    assert rows
    assert all(session["refresh_token"] not in row["row"] for row in rows)
