"""Tenants over HTTP."""

from __future__ import annotations

import hmac

from fastapi import APIRouter
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response

from chassis.history import Version
from chassis.identity import Identity
from chassis.journal import encoder
from chassis.problems import NotFound, Unauthenticated
from chassis.telemetry import traceparent
from chassis.transactions import Cause
from chassis.web.bodies import json_body
from chassis.web.commands import IDENTITY
from chassis.web.documents import answers
from chassis.web.parameters import AS_OF
from chassis.web.resources import read_history, read_one
from events.directory import Tenant
from gateway.directory.tenants.store import tenants
from gateway.directory.tenants.tenant import TenantDraft
from gateway.directory.tenants.use_cases import TenantCreated, create_tenant

routes = APIRouter(prefix="/v1", tags=["directory"])


@routes.post(
    "/tenants", summary="Create a tenant", **answers(TenantCreated, 201, problems=[Unauthenticated])
)
async def create(request: Request, draft: TenantDraft = json_body(TenantDraft)) -> Response:
    """Needs the installation's bootstrap token instead of an access token."""
    _require_bootstrap_token(request)
    state = request.app.state
    made, read_after = await create_tenant(
        state.transactions, state.hashing, draft, Cause(traceparent=traceparent())
    )
    headers = {"Location": "/v1/tenant", "Meridian-Written": read_after}
    return Response(encoder.encode(made), 201, headers, media_type="application/json")


@routes.get(
    "/tenant",
    summary="Read one's own tenant, as it is or as of a time",
    **answers(Tenant, parameters=[AS_OF], problems=[NotFound]),
)
async def read(request: Request, identity: Identity = IDENTITY) -> Response:
    return await read_one(request, identity, tenants, identity.tenant)


@routes.get(
    "/tenant/history",
    summary="List the versions of one's own tenant, newest first",
    **answers(Version, many=True),
)
async def history(request: Request, identity: Identity = IDENTITY) -> Response:
    return await read_history(request, identity, tenants, identity.tenant)


def _require_bootstrap_token(request: Request) -> None:
    wanted: SecretStr | None = request.app.state.settings.bootstrap_token
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if (
        wanted is None
        or scheme.lower() != "bearer"
        or not hmac.compare_digest(given.encode(), wanted.get_secret_value().encode())
    ):
        raise Unauthenticated("creating tenants needs the installation's bootstrap token")
