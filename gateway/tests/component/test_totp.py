"""A second factor: enrolled with the password, asked for at each signing in, good once."""

import time
from typing import Any

import httpx
import pyotp

from chassis.database import Connection
from gateway.testing.offices import PASSWORD, Office, made

_PROBLEM = "urn:meridian:problem:"


async def sign_in(office: Office, code: str | None = None, **fields: str) -> httpx.Response:
    body = {"tenant": office.slug, "login": "anna", "password": PASSWORD} | fields
    if code is not None:
        body["code"] = code
    return await office.stranger.post("/v1/sessions", json=body)


async def enrolled(client: httpx.AsyncClient) -> dict[str, Any]:
    return made(await client.post("/v1/me/totp", json={"password": PASSWORD}))


async def confirmed(client: httpx.AsyncClient) -> tuple[pyotp.TOTP, list[str]]:
    """The app and the recovery codes of a user whose second factor counts; uses a code up."""
    app = pyotp.TOTP((await enrolled(client))["secret"])
    answer = await client.post("/v1/me/totp/confirm", json={"code": app.now()})
    assert answer.headers["Cache-Control"] == "no-store"
    return app, made(answer)["recovery_codes"]


def later(app: pyotp.TOTP) -> str:
    """The next code of the app, which holds already: clocks differ."""
    return app.at(int(time.time()) + 30)


def kind(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("type", "").removeprefix(_PROBLEM)


async def test_a_second_factor_counts_once_it_is_confirmed(office: Office) -> None:
    made_now = await enrolled(office.admin)
    assert made_now["uri"].startswith("otpauth://totp/Meridian:anna?secret=")
    assert (await sign_in(office)).status_code == 201
    wrong = await office.admin.post("/v1/me/totp/confirm", json={"code": "000000x"})
    assert kind(wrong) == (422, "code-not-valid")
    app, codes = await confirmed(office.admin)
    assert len(set(codes)) == 10
    assert kind(await sign_in(office)) == (401, "code-needed")
    assert kind(await sign_in(office, "000000x")) == (401, "wrong-code")
    assert (await sign_in(office, later(app))).status_code == 201
    again = await office.admin.post("/v1/me/totp", json={"password": PASSWORD})
    assert kind(again) == (409, "already-enrolled")


async def test_no_code_is_accepted_twice(office: Office) -> None:
    app = pyotp.TOTP((await enrolled(office.admin))["secret"])
    code = app.now()
    made(await office.admin.post("/v1/me/totp/confirm", json={"code": code}))
    assert kind(await sign_in(office, code)) == (401, "wrong-code")
    code = later(app)
    assert (await sign_in(office, code)).status_code == 201
    assert kind(await sign_in(office, code)) == (401, "wrong-code")


async def test_a_recovery_code_holds_once(office: Office, database: Connection) -> None:
    _, codes = await confirmed(office.admin)
    assert (await sign_in(office, codes[3].upper())).status_code == 201
    assert kind(await sign_in(office, codes[3])) == (401, "wrong-code")
    assert (await sign_in(office, codes[4])).status_code == 201
    left = await database.fetch(
        "select row_to_json(recovery_code)::text as row from recovery_code where tenant = $1",
        office.tenant,
    )
    assert len(left) == 8
    assert all(codes[0] not in row["row"] for row in left)


async def test_the_second_factor_is_asked_of_who_knows_the_password_only(office: Office) -> None:
    app, _ = await confirmed(office.admin)
    wrong = await sign_in(office, later(app), password="guess after guess")
    assert kind(wrong) == (401, "wrong-credentials")
    assert kind(await sign_in(office, password="guess")) == (401, "wrong-credentials")


async def test_guessing_codes_is_slowed_down(office: Office) -> None:
    _, codes = await confirmed(office.admin)
    answers = [(await sign_in(office, f"{n:06}x")).status_code for n in range(5)]
    assert answers == [401] * 4 + [429]
    assert (await sign_in(office, codes[0])).status_code == 429


async def test_an_open_session_is_not_enough_to_enrol(office: Office) -> None:
    refused = await office.admin.post("/v1/me/totp", json={"password": "guess"})
    assert kind(refused) == (422, "wrong-password")
    draft = {"name": "1C", "scopes": ["users:read"]}
    key = made(await office.admin.post("/v1/api-keys", json=draft))["key"]
    program = await office.client(key)
    assert (await program.post("/v1/me/totp", json={"password": PASSWORD})).status_code == 403
    unasked = await office.admin.post("/v1/me/totp/confirm", json={"code": "123456"})
    assert kind(unasked) == (422, "not-enrolled")


async def test_an_administrator_resets_the_second_factor_and_nobody_else(office: Office) -> None:
    user, agent = await office.employed("agent")
    await confirmed(agent)
    login = user["login"]
    assert kind(await sign_in(office, login=login)) == (401, "code-needed")
    path = f"/v1/users/{user['id']}/totp"
    assert (await agent.delete(path)).status_code == 403
    assert made(await office.admin.delete(path)) == {"was_enrolled": True}
    assert (await sign_in(office, login=login)).status_code == 201
    assert made(await office.admin.delete(path)) == {"was_enrolled": False}
