"""Named consumers over HTTP."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from chassis.transactions import Transaction
from chassis.web.bodies import json_body
from chassis.web.commands import COMMAND, Command, UseCase
from chassis.web.documents import answers
from gateway.delivery.consumers.consumer import (
    Acknowledgement,
    ConsumerDraft,
    FeedConsumer,
    FeedConsumers,
    Rewinding,
)
from gateway.delivery.consumers.use_cases import (
    acknowledge,
    create_consumer,
    own_consumers,
    pause,
    remove_consumer,
    rewind,
    show_consumer,
)

routes = APIRouter(prefix="/v1/feed/consumers", tags=["delivery"])


@routes.post("", summary="Create a consumer of the feed", **answers(FeedConsumer, 201))
async def create_consumer_(
    draft: ConsumerDraft = json_body(ConsumerDraft), command: Command = COMMAND
) -> Response:
    """It belongs to whoever makes it, and to the programs that act for them."""
    return await command.run(lambda transaction: create_consumer(transaction, draft), status=201)


@routes.get("", summary="List one's own consumers", **answers(FeedConsumers))
async def consumers(command: Command = COMMAND) -> Response:
    return await command.run(own_consumers)


@routes.get("/{name}", summary="Read a consumer, and how far it is behind", **answers(FeedConsumer))
async def consumer(name: str, command: Command = COMMAND) -> Response:
    return await command.run(lambda transaction: show_consumer(transaction, name))


@routes.delete("/{name}", summary="Forget a consumer", **answers(FeedConsumer))
async def forget_consumer(name: str, command: Command = COMMAND) -> Response:
    return await command.run(lambda transaction: remove_consumer(transaction, name))


@routes.post(
    "/{name}/acknowledge", summary="Acknowledge events up to a cursor", **answers(FeedConsumer)
)
async def acknowledge_(
    name: str, given: Acknowledgement = json_body(Acknowledgement), command: Command = COMMAND
) -> Response:
    """The next poll of this consumer goes on there; an older cursor changes nothing."""
    return await command.run(lambda transaction: acknowledge(transaction, name, given))


@routes.post("/{name}/rewind", summary="Begin again farther back", **answers(FeedConsumer))
async def rewind_(
    name: str, to: Rewinding = json_body(Rewinding), command: Command = COMMAND
) -> Response:
    return await command.run(lambda transaction: rewind(transaction, name, to))


@routes.post("/{name}/pause", summary="Give a consumer nothing for now", **answers(FeedConsumer))
async def pause_(name: str, command: Command = COMMAND) -> Response:
    return await command.run(_pausing(name, is_paused=True))


@routes.post("/{name}/resume", summary="Let a paused consumer go on", **answers(FeedConsumer))
async def resume(name: str, command: Command = COMMAND) -> Response:
    return await command.run(_pausing(name, is_paused=False))


def _pausing(name: str, *, is_paused: bool) -> UseCase:
    async def run(transaction: Transaction) -> FeedConsumer:
        return await pause(transaction, name, is_paused=is_paused)

    return run
