"""What one proves oneself by: sessions, second factors, and the keys of one's programs."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

import pyotp

from tests.end_to_end.access.company import PASSWORD, Json
from tests.end_to_end.access.reaches import Worker, reaches
from tests.end_to_end.access.tally import Route
from tests.end_to_end.access.walk import Walk

SCOPE, OTHER_SCOPE = "departments:read", "operations:write"
"""What everybody may let a program do, and what nobody may."""


OF_PEOPLE: tuple[tuple[Route, Json | None], ...] = (
    (("GET", "/v1/companies"), None),
    (("GET", "/v1/sessions"), None),
    (("GET", "/v1/api-keys"), None),
    (("POST", "/v1/api-keys"), {"name": "a program's program", "scopes": [SCOPE]}),
    (("DELETE", "/v1/api-keys/{id}"), None),
    (("DELETE", "/v1/sessions/{id}"), None),
    (("POST", "/v1/me/totp"), {"password": PASSWORD}),
    (("POST", "/v1/me/totp/confirm"), {"code": "000000"}),
)
"""What no program with that scope may do: others' records, and looking after credentials."""


@dataclass(frozen=True)
class Proofs:
    """A session and a key of one worker, besides the session in which they walk."""

    session: str
    key_id: str
    program: dict[str, str]


Everybodys = dict[Worker, Proofs]


async def obtain(walk: Walk, worker: Worker, proofs: Everybodys) -> None:
    """Sign in, prolong that, and make a key."""
    signing_in = ("POST", "/v1/sessions")
    signed = {"tenant": walk.own(worker).slug, "login": worker.login, "password": PASSWORD}
    answer = await worker.client.post(signing_in[1], json=signed)
    walk.granted(signing_in, worker, None, answer)
    session: Json = answer.json()
    refreshing = ("POST", "/v1/sessions/refresh")
    for token, is_mine in ((session["refresh_token"], True), (uuid4().hex, False)):
        answer = await worker.client.post(refreshing[1], json={"refresh_token": token})
        if is_mine:
            walk.granted(refreshing, worker, None, answer)
        else:
            walk.refused(refreshing, worker, None, answer, 401)
    making = ("POST", "/v1/api-keys")
    draft = {"name": "a program", "scopes": [SCOPE, OTHER_SCOPE]}
    walk.refused(making, worker, None, await worker.client.post(making[1], json=draft), 422)
    answer = await worker.client.post(making[1], json=draft | {"scopes": [SCOPE]})
    walk.granted(making, worker, None, answer)
    made: Json = answer.json()
    program = {"Authorization": f"Bearer {made['key']}"}
    proofs[worker] = Proofs(session["session"], made["api_key"]["id"], program)


async def look_after(walk: Walk, worker: Worker, proofs: Everybodys) -> None:
    """See what there is of one's own, and enrol a second factor; one's program can do neither."""
    mine = proofs[worker]
    await _program(walk, worker, mine)
    for what, id in (("sessions", mine.session), ("api-keys", mine.key_id)):
        route = ("GET", f"/v1/{what}")
        items: list[Json] = (await worker.client.get(route[1])).json()["items"]
        for item in items:
            may = item["user"] in _looked_after_by(walk, worker, what)
            walk.tally.judge(route, worker, None, expected=may, got=True, what=f"{item}")
        if id not in [item["id"] for item in items]:
            walk.tally.complain(route, worker, f"{id} is not among {items}")
    for holding in walk.examples(worker, "users", action="write"):
        await walk.one(worker, "GET", "/v1/users/{id}/sessions", holding, "write")
    enrolling, confirming = ("POST", "/v1/me/totp"), ("POST", "/v1/me/totp/confirm")
    answer = await worker.client.post(enrolling[1], json={"password": PASSWORD})
    walk.granted(enrolling, worker, None, answer)
    code = {"code": pyotp.TOTP(answer.json()["secret"]).now()}
    answer = await worker.client.post(confirming[1], json=code)
    walk.granted(confirming, worker, None, answer)


async def _program(walk: Walk, worker: Worker, mine: Proofs) -> None:
    """A program has its scope, and is nobody who could look after credentials."""
    reading = ("GET", "/v1/departments")
    answer = await worker.client.get(reading[1], headers=mine.program)
    walk.granted(reading, worker, None, answer)
    for route, body in OF_PEOPLE:
        path = route[1].replace("{id}", mine.key_id if "keys" in route[1] else mine.session)
        answer = await worker.client.request(route[0], path, json=body, headers=mine.program)
        walk.refused(route, worker, None, answer, 403)


def _looked_after_by(walk: Walk, worker: Worker, what: str) -> set[str]:
    """The users whose sessions or keys the worker may see and end."""
    if what == "api-keys" and worker.role == "administrator":
        return {colleague.id for colleague in walk.own(worker).workers}
    return {worker.id}


async def give_up(walk: Walk, worker: Worker, proofs: Everybodys) -> None:
    """End what is one's own, after trying to end others'."""
    company, stranger = walk.own(worker), walk.other(worker).workers[-1]
    colleague = next(other for other in company.workers[1:] if other is not worker)
    for what in ("sessions", "api-keys"):
        route = ("DELETE", f"/v1/{what}/{{id}}")
        for whose in (stranger, colleague, worker):
            theirs = proofs[whose]
            id = theirs.session if what == "sessions" else theirs.key_id
            answer = await worker.client.delete(f"/v1/{what}/{id}")
            if whose.id in _looked_after_by(walk, worker, what):
                walk.granted(route, worker, None, answer)
            else:
                walk.refused(route, worker, None, answer, 404)
    ending = "/v1/users/{id}/sessions"
    for holding in walk.examples(worker, "users", action="write"):
        await walk.one(worker, "DELETE", "/v1/users/{id}/totp", holding, "write")
        if not reaches(worker, holding, "write"):
            await walk.one(worker, "DELETE", ending, holding, "write")
    if worker is company.administrator:
        # Of a colleague it would end the walk.
        draft = {"name": "leaver", "login": uuid4().hex, "roles": ["agent"]}
        place = {"department": company.offices["north"]}
        made = await worker.client.post("/v1/users", json=draft | place)
        answer = await worker.client.delete(ending.replace("{id}", made.json()["user"]["id"]))
        walk.granted(("DELETE", ending), worker, "all", answer)
