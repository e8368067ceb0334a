"""Users over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from chassis.bulk import Bulk, Verdicts
from chassis.identity import Identity, system_identity
from chassis.journal import encoder
from chassis.problems import NotFound
from chassis.web.bodies import json_body, patch_body
from chassis.web.commands import COMMAND, IDENTITY, Command
from chassis.web.documents import answers
from chassis.web.resources import database_of, read_routes
from events.directory import Department, Tenant, User
from events.values import Reach
from gateway.directory.invitations.api import newly_invited
from gateway.directory.tenants.store import tenants
from gateway.directory.users.store import users
from gateway.directory.users.use_cases import change_user, invite_user, upsert_users
from gateway.directory.users.user import UserChange, UserDraft
from gateway.edge.routing import GATEWAY

routes = APIRouter(prefix="/v1", tags=["directory"])


class UserInvited(msgspec.Struct, kw_only=True):
    """A new user, and the invitation with which the user chooses a password."""

    user: User
    invitation: str


class Me(msgspec.Struct, kw_only=True):
    """Who one is, where, and what one may do: `resource:action` and how far."""

    user: User
    tenant: Tenant
    department: Department
    permissions: dict[str, Reach]


@routes.get(
    "/me", summary="Read who one is and what one may do", **answers(Me, problems=[NotFound])
)
async def me(request: Request, identity: Identity = IDENTITY) -> Response:
    database = database_of(request)
    found = await users.standing(database, identity.tenant, identity.user)
    if found is None:
        raise NotFound("this identity belongs to no user")
    user, department = found
    # Whatever one may do, this is where one is.
    everything = system_identity(identity.tenant, GATEWAY)
    _, tenant = await tenants.read(database, everything, identity.tenant)
    answer = Me(
        user=user,
        tenant=tenants.decode(tenant),
        department=department,
        permissions=dict(identity.permissions),
    )
    return Response(encoder.encode(answer), media_type="application/json")


read_routes(routes, "/users", users, User)


@routes.post("/users", summary="Invite a user", **answers(UserInvited, 201))
async def invite(
    request: Request, draft: UserDraft = json_body(UserDraft), command: Command = COMMAND
) -> Response:
    """The invitation is in no stored answer: a repetition of the request gets a new one."""
    by_mail = request.app.state.postman is not None
    answer = await command.run(
        lambda transaction: invite_user(transaction, draft, by_mail=by_mail), status=201
    )
    return await newly_invited(request, command.identity, answer)


@routes.patch("/users/{id:uuid}", summary="Change a user", **answers(User))
async def change(
    id: UUID, patch: dict[str, Any] = patch_body(UserChange), command: Command = COMMAND
) -> Response:
    seen = command.seen_version
    return await command.run(lambda transaction: change_user(transaction, id, patch, seen))


@routes.post(
    "/users/bulk",
    summary="Invite or change up to 1,000 users",
    **answers(Verdicts, item=UserDraft),
)
async def bulk(
    request: Request, body: Bulk = json_body(Bulk), command: Command = COMMAND
) -> Response:
    by_mail = request.app.state.postman is not None
    return await command.run(
        lambda transaction: upsert_users(transaction, body.items, by_mail=by_mail)
    )
