"""What operators see and do over HTTP: the keys that wait, of their own tenant.

Every service with consumers answers below `/v1/operations/<service>`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response

from chassis.database import Database
from chassis.identity import Identity
from chassis.inbox import Inbox
from chassis.journal import encoder
from chassis.parking import parked_events, parked_keys
from chassis.problems import Forbidden, NotFound
from chassis.reconciliation import verdicts
from chassis.reconciliation.applied import Verdict
from chassis.web.bodies import json_body
from chassis.web.commands import IDENTITY
from chassis.web.documents import answers
from chassis.web.resources import any_database_of


class ParkedKeyState(Struct, kw_only=True):
    """A key that waits: `events` of them, from `first_version` to `last_version`.

    `gap` says that a missing earlier version holds it, not a failure.
    """

    consumer: str
    topic: str
    key: UUID
    events: int
    first_version: int
    last_version: int
    error: str
    gap: bool
    since: datetime


class ParkedKeys(Struct):
    """Every waiting key, the oldest first, 500 at the most."""

    items: list[ParkedKeyState]


class ParkedEvents(Struct):
    """The events of a waiting key, whole, in order."""

    items: list[msgspec.Raw]


class ReconciliationState(Struct, kw_only=True):
    """What the last comparison of a consumer's topic with its owner's journal came to.

    Everything recorded before `as_of` was compared, at `compared`; both are null
    where that was never finished. `hindrance` says what kept the last try from that.
    """

    consumer: str
    topic: str
    as_of: datetime | None
    compared: datetime | None
    hindrance: str | None


class DifferenceState(Struct, kw_only=True):
    """A key, or its row in the table `place`, that is not as it should be.

    `expected` is the version that it should have, `version` the one that it has.
    """

    consumer: str
    topic: str
    place: str
    key: UUID
    verdict: Verdict
    expected: int | None
    version: int | None
    since: datetime


class Reconciliation(Struct):
    """What was compared, and every difference of the tenant, 10,000 at the most."""

    compared: list[ReconciliationState]
    differences: list[DifferenceState]


class Redriven(Struct):
    """How many of the events had an effect, and whether the key still waits."""

    applied: int
    still_parked: bool


class Discard(Struct, forbid_unknown_fields=True):
    """Which event of a key, the first that waits, is never to be applied, and why.

    Named by its version, none but the one that was looked at is discarded, also when the request
    is repeated.
    """

    version: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    reason: Annotated[str, Meta(min_length=1, max_length=2_000)]


class Discarded(Struct):
    """The version that will never be applied, and whether the key still waits."""

    version: int
    still_parked: bool


def operations(service: str) -> APIRouter:
    """The routes of an operator of `service`."""
    routes = APIRouter(prefix=f"/v1/operations/{service}", tags=["operations"])
    place = "/parked/{consumer}/{topic}/{key:uuid}"

    @routes.get("/parked", summary="Keys that wait", **answers(ParkedKeys))
    async def parked(request: Request, identity: Identity = IDENTITY) -> Response:
        identity.reach("operations:read")
        keys = await parked_keys(any_database_of(request), tenant=identity.tenant)
        states = [msgspec.convert(key, ParkedKeyState, from_attributes=True) for key in keys]
        return _json(ParkedKeys(states))

    @routes.get(place, summary="The events of a waiting key", **answers(ParkedEvents))
    async def show(
        consumer: str, topic: str, key: UUID, request: Request, identity: Identity = IDENTITY
    ) -> Response:
        identity.reach("operations:read")
        if identity.fields:
            raise Forbidden("an event tells every field, and rules keep some of them from you")
        database = any_database_of(request)
        events = await parked_events(database, consumer, topic, identity.tenant, key)
        if not events:
            raise NotFound(f"{consumer} has not parked {key} of {topic}")
        return _json(ParkedEvents([msgspec.Raw(event) for event in events]))

    @routes.get(
        "/reconciliation",
        summary="What differs from the journals",
        **answers(Reconciliation, problems=[NotFound]),
    )
    async def reconciliation(request: Request, identity: Identity = IDENTITY) -> Response:
        identity.reach("operations:read")
        database = any_database_of(request)
        if not isinstance(database, Database):
            raise NotFound(f"{service} is on MongoDB, where nothing is reconciled yet")
        compared = await verdicts.conclusions(database)
        differing = await verdicts.differences(database, tenant=identity.tenant)
        return _json(
            Reconciliation(
                msgspec.convert(compared, list[ReconciliationState], from_attributes=True),
                msgspec.convert(differing, list[DifferenceState], from_attributes=True),
            )
        )

    @routes.post(place + "/redrive", summary="Try a waiting key again", **answers(Redriven))
    async def redrive(
        consumer: str, topic: str, key: UUID, request: Request, identity: Identity = IDENTITY
    ) -> Response:
        identity.reach("operations:write")
        inbox = _inbox(request, consumer)
        applied = await inbox.redrive(topic, (identity.tenant, key))
        still = await _is_parked(request, identity, consumer, topic, key)
        return _json(Redriven(applied, still))

    @routes.post(place + "/discard", summary="Never apply the first", **answers(Discarded))
    async def discard(
        consumer: str,
        topic: str,
        key: UUID,
        request: Request,
        body: Discard = json_body(Discard),
        identity: Identity = IDENTITY,
    ) -> Response:
        identity.reach("operations:write")
        inbox = _inbox(request, consumer)
        version = await inbox.discard(
            topic, (identity.tenant, key), identity.actor, body.reason, meant=body.version
        )
        still = await _is_parked(request, identity, consumer, topic, key)
        return _json(Discarded(version, still))

    return routes


def _inbox(request: Request, consumer: str) -> Inbox:
    inboxes: dict[str, Inbox] = request.app.state.inboxes
    try:
        return inboxes[consumer]
    except KeyError:
        raise NotFound(f"there is no consumer {consumer}") from None


async def _is_parked(
    request: Request, identity: Identity, consumer: str, topic: str, key: UUID
) -> bool:
    events = await parked_events(any_database_of(request), consumer, topic, identity.tenant, key)
    return bool(events)


def _json(answer: Any) -> Response:
    return Response(encoder.encode(answer), media_type="application/json")
