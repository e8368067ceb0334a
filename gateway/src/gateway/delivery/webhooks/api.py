"""Webhooks over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from chassis.journal import encoder
from chassis.web.bodies import json_body, patch_body
from chassis.web.commands import COMMAND, Command
from chassis.web.documents import answers
from chassis.web.parameters import Parameter
from gateway.delivery.webhooks import use_cases
from gateway.delivery.webhooks.delivery import STATES, Delivery
from gateway.delivery.webhooks.use_cases import DeliveriesAsked, Terms
from gateway.delivery.webhooks.webhook import (
    Rotation,
    Webhook,
    WebhookDraft,
    WebhookIssued,
    Webhooks,
)

routes = APIRouter(prefix="/v1", tags=["delivery"])

STATE = Parameter(
    "state", {"type": "string", "enum": list(STATES)}, "what became of them", several=True
)


@routes.post("/webhooks", summary="Create a webhook", **answers(WebhookIssued, 201))
async def create(
    request: Request, draft: WebhookDraft = json_body(WebhookDraft), command: Command = COMMAND
) -> Response:
    """The secret is shown here and by rotating it; it is in no stored answer."""
    answer = await command.run(
        lambda transaction: use_cases.create_webhook(transaction, draft, _terms(request)),
        status=201,
    )
    return await _issued(command, answer)


@routes.get("/webhooks", summary="List webhooks", **answers(Webhooks))
async def list_(command: Command = COMMAND) -> Response:
    return await command.run(use_cases.known_webhooks)


@routes.get("/webhooks/{id:uuid}", summary="Read a webhook", **answers(Webhook))
async def read(id: UUID, command: Command = COMMAND) -> Response:
    return _tagged(await command.run(lambda transaction: use_cases.known_webhook(transaction, id)))


@routes.patch("/webhooks/{id:uuid}", summary="Change a webhook", **answers(Webhook))
async def change(
    id: UUID,
    request: Request,
    patch: dict[str, Any] = patch_body(WebhookDraft),
    command: Command = COMMAND,
) -> Response:
    """Others than the owner change name and status alone. Active again, it goes on at once."""
    seen, terms = command.seen_version, _terms(request)
    answer = await command.run(
        lambda transaction: use_cases.change_webhook(transaction, id, patch, seen, terms)
    )
    return _tagged(_told(command, answer))


@routes.delete("/webhooks/{id:uuid}", summary="Remove a webhook", **answers(Webhook))
async def remove(id: UUID, command: Command = COMMAND) -> Response:
    return await command.run(lambda transaction: use_cases.remove_webhook(transaction, id))


@routes.post(
    "/webhooks/{id:uuid}/take-over", summary="Become the owner of a webhook", **answers(Webhook)
)
async def take_over(id: UUID, command: Command = COMMAND) -> Response:
    """What is sent from now on is what the new owner may see."""
    answer = await command.run(lambda transaction: use_cases.take_over(transaction, id))
    return _tagged(_told(command, answer))


@routes.post(
    "/webhooks/{id:uuid}/rotate-secret",
    summary="Sign by a new secret",
    **answers(WebhookIssued),
)
async def rotate(
    id: UUID, rotation: Rotation = json_body(Rotation), command: Command = COMMAND
) -> Response:
    """For some hours each delivery is signed by the former secret too."""
    overlap = timedelta(hours=rotation.overlap_hours)
    answer = await command.run(
        lambda transaction: use_cases.rotate_secret(transaction, id, overlap)
    )
    return await _issued(command, answer)


@routes.post("/webhooks/{id:uuid}/test", summary="Send a test", **answers(Delivery, 202))
async def send_test(id: UUID, command: Command = COMMAND) -> Response:
    """It is sent once, whatever the status; what came of it is among the deliveries."""
    answer = await command.run(lambda transaction: use_cases.send_test(transaction, id), status=202)
    return _told(command, answer)


@routes.get(
    "/webhooks/{id:uuid}/deliveries",
    summary="List deliveries of a webhook, newest first",
    **answers(Delivery, many=True, parameters=[STATE]),
)
async def deliveries(id: UUID, request: Request, command: Command = COMMAND) -> Response:
    """Those that wait, and what became of others in the last days."""
    asked = DeliveriesAsked.parse(request.query_params)
    return await command.run(lambda transaction: use_cases.known_deliveries(transaction, id, asked))


@routes.post(
    "/webhooks/{id:uuid}/deliveries/{delivery:uuid}/redeliver",
    summary="Send a delivery again",
    **answers(Delivery, 202),
)
async def redeliver(id: UUID, delivery: UUID, command: Command = COMMAND) -> Response:
    """Under the same `webhook-id`; one that waits is tried without waiting longer."""
    answer = await command.run(
        lambda transaction: use_cases.redeliver(transaction, id, delivery), status=202
    )
    return _told(command, answer)


def _terms(request: Request) -> Terms:
    terms: Terms = request.app.state.webhook_terms
    return terms


async def _issued(command: Command, answer: Response) -> Response:
    webhook = msgspec.json.decode(bytes(answer.body), type=Webhook)
    transactions = command.request.app.state.transactions
    async with transactions.begin(command.identity) as transaction:
        secret = await use_cases.secret_of(transaction, webhook.id)
    issued = WebhookIssued(webhook=webhook, secret=secret)
    headers = {
        "Cache-Control": "no-store",
        "ETag": f'"{webhook.version}"',
        "Location": f"/v1/webhooks/{webhook.id}",
    }
    return Response(
        encoder.encode(issued), answer.status_code, headers, media_type="application/json"
    )


def _tagged(answer: Response) -> Response:
    webhook = msgspec.json.decode(bytes(answer.body), type=Webhook)
    answer.headers["ETag"] = f'"{webhook.version}"'
    return answer


def _told(command: Command, answer: Response) -> Response:
    """There may be something to send now."""
    command.request.app.state.webhooks.wake()
    return answer
