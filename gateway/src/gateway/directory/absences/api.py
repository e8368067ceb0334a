"""Absences over HTTP."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from msgspec import Struct
from starlette.responses import Response

from chassis.transactions import Transaction
from chassis.web.commands import COMMAND, Command
from chassis.web.documents import answers
from chassis.web.resources import read_routes, write_routes
from events.directory import Absence
from gateway.directory.absences.absence import AbsenceDraft
from gateway.directory.absences.store import absences
from gateway.directory.absences.use_cases import (
    change_absence,
    delete_absence,
    record_absence,
    upsert_absences,
)

routes = APIRouter(prefix="/v1", tags=["directory"])

read_routes(routes, "/absences", absences, Absence)
write_routes(
    routes,
    "/absences",
    Absence,
    AbsenceDraft,
    create=record_absence,
    change=change_absence,
    bulk=upsert_absences,
)


class AbsenceDeleted(Struct):
    """An absence that is not to be, and the version of the event that said so."""

    id: UUID
    version: int


@routes.delete("/absences/{id:uuid}", summary="Delete an absence", **answers(AbsenceDeleted))
async def delete(id: UUID, command: Command = COMMAND) -> Response:
    async def deleted(transaction: Transaction) -> AbsenceDeleted:
        return AbsenceDeleted(id, await delete_absence(transaction, id))

    return await command.run(deleted)
