"""Programs that speak Basic alone: a login and a password with each request."""

from __future__ import annotations

import asyncio

import httpx

from gateway.testing.offices import PASSWORD, Office, made


def basic(office: Office, login: str, password: str = PASSWORD) -> httpx.BasicAuth:
    return httpx.BasicAuth(f"{office.slug}/{login}", password)


async def test_a_login_and_a_password_let_in_and_are_one_session(office: Office) -> None:
    auth = basic(office, "anna")
    answers = await asyncio.gather(*(office.stranger.get("/v1/me", auth=auth) for _ in range(12)))
    assert {made(answer)["user"]["login"] for answer in answers} == {"anna"}
    sessions = made(await office.admin.get("/v1/sessions"))["items"]
    # One in which she signed in, and one for all of these, though ten attempts are the most.
    assert len(sessions) == 2


async def test_a_session_that_was_ended_is_proved_anew(office: Office) -> None:
    user, person = await office.employed("agent")
    auth = basic(office, user["login"])
    made(await office.stranger.get("/v1/me", auth=auth))
    made(await office.admin.delete(f"/v1/users/{user['id']}/sessions"))
    assert (await person.get("/v1/me")).status_code == 401
    made(await office.stranger.get("/v1/me", auth=auth))
    made(await office.admin.patch(f"/v1/users/{user['id']}", json={"status": "disabled"}))
    assert (await office.stranger.get("/v1/me", auth=auth)).status_code == 401


async def test_who_guesses_has_to_wait_as_at_the_sign_in(office: Office) -> None:
    user, _ = await office.employed("agent")
    answers = [
        await office.stranger.get("/v1/me", auth=basic(office, user["login"], f"guess {number}"))
        for number in range(5)
    ]
    assert [answer.status_code for answer in answers] == [401] * 4 + [429]
    assert answers[0].json()["type"] == "urn:meridian:problem:wrong-credentials"
    assert int(answers[-1].headers["Retry-After"]) > 0
    # The same attempts count where one signs in.
    assert (await office.sign_in(user["login"])).status_code == 429


async def test_what_is_neither_a_key_nor_a_login_is_refused(office: Office) -> None:
    for user, password in (("anna", PASSWORD), ("", ""), ("no/body", "x"), ("x" * 200 + "/y", "")):
        answer = await office.stranger.get("/v1/me", auth=httpx.BasicAuth(user, password))
        assert answer.status_code == 401, user


async def test_programs_are_asked_for_a_password_and_pages_in_a_browser_are_not(
    office: Office,
) -> None:
    asked = await office.stranger.get("/v1/me")
    assert "Basic" in asked.headers["WWW-Authenticate"]
    page = await office.stranger.get("/v1/me", headers={"Sec-Fetch-Mode": "cors"})
    assert page.headers["WWW-Authenticate"] == 'Bearer realm="meridian"'
