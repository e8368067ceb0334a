"""The routes that every aggregate has alike: read, list, history, create, patch, bulk.

A service declares them in one call and adds the verbs that are its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from chassis.bulk import Bulk, Verdicts
from chassis.database import Database
from chassis.history import HistoryRequest, Version, as_of
from chassis.identity import Identity
from chassis.paging import PageRequest
from chassis.storage import AnyDatabase
from chassis.stores import Store
from chassis.transactions import Transaction
from chassis.web.bodies import json_body, patch_body
from chassis.web.commands import COMMAND, IDENTITY, Command, state_response
from chassis.web.documents import answers
from chassis.web.parameters import AS_OF, EXTERNAL_ID, SEARCH, Parameter, schema_of

Create = Callable[[Transaction, Any], Awaitable[Any]]
Change = Callable[[Transaction, UUID, dict[str, Any], int | None], Awaitable[Any]]
Delete = Callable[[Transaction, UUID], Awaitable[int]]
BulkUpsert = Callable[[Transaction, list[dict[str, Any]]], Awaitable[Verdicts]]


def read_routes(routes: APIRouter, path: str, store: Store[Any], state: type) -> None:
    """`GET path`, `GET path/{id}`, also as of a time, and `GET path/{id}/history`."""
    asked = answers(state, many=True, parameters=narrowing(store))

    @routes.get(path, summary=f"List {path.strip('/')}", **asked)
    async def list_(request: Request, identity: Identity = IDENTITY) -> Response:
        page = PageRequest.parse(request.query_params)
        found = await store.page(any_database_of(request), identity, page)
        return Response(found.json(), media_type="application/json")

    @routes.get(
        path + "/{id:uuid}",
        summary=f"Read one of {path.strip('/')}, as it is or as of a time",
        **answers(state, parameters=[AS_OF]),
    )
    async def read(id: UUID, request: Request, identity: Identity = IDENTITY) -> Response:
        return await read_one(request, identity, store, id)

    @routes.get(
        path + "/{id:uuid}/history",
        summary=f"List the versions of one of {path.strip('/')}, newest first",
        **answers(Version, many=True),
    )
    async def history(id: UUID, request: Request, identity: Identity = IDENTITY) -> Response:
        return await read_history(request, identity, store, id)


def narrowing(store: Store[Any]) -> list[Parameter]:
    """By what a list of `store` is narrowed, the same everywhere."""
    filters = [
        Parameter(name, schema_of(type_), several=name not in store.single)
        for name, type_ in sorted(store.filter_types.items())
    ]
    return [*filters, EXTERNAL_ID, *([SEARCH] if store.searched else [])]


async def read_one(request: Request, identity: Identity, store: Store[Any], id: UUID) -> Response:
    """A record as it is, or as it was recorded at the time of the parameter `as_of`."""
    database, at = any_database_of(request), as_of(request.query_params)
    if at is None:
        return state_response(*await store.read(database, identity, id))
    return state_response(*await store.read_as_of(database, identity, id, at))


async def read_history(
    request: Request, identity: Identity, store: Store[Any], id: UUID
) -> Response:
    """A page of the versions of a record."""
    asked = HistoryRequest.parse(request.query_params)
    page = await store.history(any_database_of(request), identity, id, asked)
    return Response(page.json(), media_type="application/json")


def write_routes(  # noqa: PLR0913 - one call says all that an aggregate needs
    routes: APIRouter,
    path: str,
    state: type,
    draft: type[msgspec.Struct],
    *,
    create: Create,
    change: Change,
    bulk: BulkUpsert,
    change_draft: type[msgspec.Struct] | None = None,
    bulk_draft: type[msgspec.Struct] | None = None,
) -> None:
    """`POST path`, `PATCH path/{id}` and `POST path/bulk`.

    A patch and the items of a bulk request have the fields of `draft`, unless
    `change_draft` and `bulk_draft` say otherwise.
    """

    @routes.post(path, summary=f"Create one of {path.strip('/')}", **answers(state, 201))
    async def create_(body: Any = json_body(draft), command: Command = COMMAND) -> Response:
        return await command.run(lambda transaction: create(transaction, body), status=201)

    @routes.patch(path + "/{id:uuid}", summary=f"Change one of {path.strip('/')}", **answers(state))
    async def change_(
        id: UUID,
        patch: dict[str, Any] = patch_body(change_draft or draft),
        command: Command = COMMAND,
    ) -> Response:
        seen = command.seen_version
        return await command.run(lambda transaction: change(transaction, id, patch, seen))

    @routes.post(
        path + "/bulk",
        summary=f"Create or change up to 1,000 {path.strip('/')}",
        **answers(Verdicts, item=bulk_draft or draft),
    )
    async def bulk_(body: Bulk = json_body(Bulk), command: Command = COMMAND) -> Response:
        return await command.run(lambda transaction: bulk(transaction, body.items))


class Deleted(msgspec.Struct):
    """A record that is no more, and the version of the event that said so."""

    id: UUID
    version: int


def delete_route(routes: APIRouter, path: str, summary: str, remove: Delete) -> None:
    """`DELETE path/{id}`."""

    @routes.delete(path + "/{id:uuid}", summary=summary, **answers(Deleted))
    async def delete(id: UUID, command: Command = COMMAND) -> Response:
        async def deleted(transaction: Transaction) -> Deleted:
            return Deleted(id, await remove(transaction, id))

        return await command.run(deleted)


def any_database_of(request: Request) -> AnyDatabase:
    """The database of a service that runs on either."""
    database: AnyDatabase = request.app.state.database
    return database


def database_of(request: Request) -> Database:
    """The database of a service that runs on PostgreSQL only."""
    database: Database = request.app.state.database
    return database
