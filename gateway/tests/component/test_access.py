"""What one may do, and why somebody may or may not see a record."""

import json
from typing import Any
from uuid import uuid4

from gateway.testing.offices import Office, made
from gateway.testing.upstreams import Upstream


def answering(upstream: Upstream, owner: str | None, department: str | None) -> str:
    """Let the service have one deal, of this owner and department; its id."""
    id = str(uuid4())
    state = {"id": id, "version": 1, "owner": owner, "department": department, "name": "x"}
    upstream.pieces = (json.dumps(state).encode(),)
    return id


async def asked(office: Office, user: str, record: str | None = None, **fields: Any) -> Any:
    question = {"user": user, "permission": "deals:read", "record": record} | fields
    return made(await office.admin.post("/v1/access/explain", json=question))


async def test_what_one_may_do_names_the_roles_that_give_it(office: Office) -> None:
    role = {"code": "lister", "name": "Lister", "permissions": {"deals:read": "department"}}
    made(await office.admin.post("/v1/roles", json=role))
    user, client = await office.employed("agent", "lister")
    mine = made(await client.get("/v1/me/access"))
    assert (mine["user"], mine["roles"]) == (user["id"], ["agent", "lister"])
    assert mine["department_path"] == [office.root]
    granted = {grant["permission"]: grant for grant in mine["grants"]}
    assert granted["deals:read"] == {
        "permission": "deals:read", "reach": "department", "roles": ["lister"],
    }  # fmt: skip
    assert granted["deals:write"]["roles"] == ["agent"]
    permissions = made(await client.get("/v1/me"))["permissions"]
    assert {name: grant["reach"] for name, grant in granted.items()} == permissions


async def test_why_somebody_sees_a_record_or_not(office: Office, sales: Upstream) -> None:
    north, south = await office.department("North"), await office.department("South")
    manager, _ = await office.employed("manager", department=north["id"])
    record = answering(sales, str(uuid4()), north["id"])
    seen = await asked(office, manager["id"], record)
    assert (seen["allowed"], seen["because"][-1]["code"]) == (True, "record-in-department")
    assert sales.asked[-1].target == f"/v1/deals/{record}"
    record = answering(sales, str(uuid4()), south["id"])
    hidden = await asked(office, manager["id"], record)
    assert (hidden["allowed"], hidden["because"][-1]["code"]) == (False, "record-beyond-department")
    made(await office.admin.patch(f"/v1/users/{manager['id']}", json={"status": "disabled"}))
    assert (await asked(office, manager["id"]))["because"][0]["code"] == "user-not-active"


async def test_records_of_the_directory_are_explained_too(office: Office) -> None:
    operator, _ = await office.employed("operator")
    told = await asked(office, operator["id"], office.administrator["id"], permission="users:read")
    assert (told["allowed"], told["because"][-1]["code"]) == (False, "owned-by-another")


async def test_nobody_learns_of_what_they_may_not_see(office: Office, sales: Upstream) -> None:
    _, operator = await office.employed("operator")
    question = {"user": office.administrator["id"], "permission": "deals:read"}
    answer = await operator.post("/v1/access/explain", json=question)
    assert answer.status_code == 404
    sales.status = 404
    hidden = question | {"record": str(uuid4())}
    assert (await office.admin.post("/v1/access/explain", json=hidden)).status_code == 404
    sales.status = 500
    assert (await office.admin.post("/v1/access/explain", json=hidden)).status_code == 503


async def test_what_is_no_question_is_refused(office: Office) -> None:
    user = office.administrator["id"]
    for fields, status in (
        ({"permission": "deals:fly"}, 422),
        ({"permission": "deals"}, 422),
        ({"permission": "reports:read", "record": str(uuid4())}, 404),
        ({"user": str(uuid4())}, 404),
        ({"record": "7"}, 422),
    ):
        question = {"user": user, "permission": "deals:read"} | fields
        answer = await office.admin.post("/v1/access/explain", json=question)
        assert answer.status_code == status, (fields, answer.text)
