"""Identity providers over HTTP, and signing in through them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from chassis.journal import encoder
from chassis.problems import Forbidden, NotFound, Unauthenticated
from chassis.web.bodies import json_body, patch_body
from chassis.web.commands import COMMAND, Command
from chassis.web.documents import answers
from gateway.directory.oidc.provider import (
    IdentityProvider,
    IdentityProviderDraft,
    IdentityProviders,
)
from gateway.directory.oidc.sign_in import (
    COOKIE,
    BeginSignIn,
    CompleteSignIn,
    SignInBegun,
)
from gateway.directory.oidc.use_cases import (
    change_provider,
    create_provider,
    known_provider,
    known_providers,
    remove_provider,
)
from gateway.directory.sessions.api import signed_in, visitor_of
from gateway.directory.sessions.session import SignedIn

routes = APIRouter(prefix="/v1", tags=["directory"])


@routes.post(
    "/sign-ins",
    summary="Begin to sign in through a provider",
    **answers(SignInBegun, 201, problems=[NotFound]),
)
async def begin(request: Request, body: BeginSignIn = json_body(BeginSignIn)) -> Response:
    """Answers the address to open, and a cookie: where it is, the sign-in is completed."""
    begun, browser = await request.app.state.doorway.begin(body)
    response = Response(
        encoder.encode(begun), 201, {"Cache-Control": "no-store"}, media_type="application/json"
    )
    _keep_in_browser(response, browser, begun.expires_in)
    return response


@routes.post(
    "/sign-ins/complete",
    summary="Sign in with what the provider has sent back",
    **answers(SignedIn, 201, problems=[Unauthenticated, Forbidden, NotFound]),
)
async def complete(request: Request, body: CompleteSignIn = json_body(CompleteSignIn)) -> Response:
    """Answers as signing in with a password does; needs the cookie of the beginning."""
    browser = request.cookies.get(COOKIE)
    session = await request.app.state.doorway.complete(body, browser, visitor_of(request))
    response = signed_in(session)
    _keep_in_browser(response, "", 0)
    return response


@routes.post(
    "/identity-providers",
    summary="Create an identity provider",
    **answers(IdentityProvider, 201),
)
async def create(
    request: Request,
    draft: IdentityProviderDraft = json_body(IdentityProviderDraft),
    command: Command = COMMAND,
) -> Response:
    """The client's secret is never shown again."""
    loopback = request.app.state.settings.oidc_loopback
    return await command.run(
        lambda transaction: create_provider(transaction, draft, loopback=loopback), status=201
    )


@routes.get("/identity-providers", summary="List identity providers", **answers(IdentityProviders))
async def list_(command: Command = COMMAND) -> Response:
    return await command.run(known_providers)


@routes.get(
    "/identity-providers/{id:uuid}",
    summary="Read an identity provider",
    **answers(IdentityProvider),
)
async def read(id: UUID, command: Command = COMMAND) -> Response:
    return await command.run(lambda transaction: known_provider(transaction, id))


@routes.patch(
    "/identity-providers/{id:uuid}",
    summary="Change an identity provider",
    **answers(IdentityProvider),
)
async def change(
    id: UUID,
    request: Request,
    patch: dict[str, Any] = patch_body(IdentityProviderDraft),
    command: Command = COMMAND,
) -> Response:
    loopback = request.app.state.settings.oidc_loopback
    return await command.run(
        lambda transaction: change_provider(transaction, id, patch, loopback=loopback)
    )


@routes.delete(
    "/identity-providers/{id:uuid}",
    summary="Remove an identity provider",
    **answers(IdentityProvider),
)
async def remove(id: UUID, command: Command = COMMAND) -> Response:
    return await command.run(lambda transaction: remove_provider(transaction, id))


def _keep_in_browser(response: Response, secret: str, seconds: int) -> None:
    response.set_cookie(
        COOKIE, secret, max_age=seconds, path="/", secure=True, httponly=True, samesite="lax"
    )
