"""Companies over HTTP."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from msgspec import Struct
from starlette.responses import Response

from chassis.transactions import Transaction
from chassis.web.commands import COMMAND, Command
from chassis.web.documents import answers
from chassis.web.resources import read_routes, write_routes
from contacts.companies.company import CompanyDraft
from contacts.companies.store import companies
from contacts.companies.use_cases import (
    change_company,
    create_company,
    delete_company,
    upsert_companies,
)
from events.contacts import Company

routes = APIRouter(prefix="/v1", tags=["companies"])

read_routes(routes, "/companies", companies, Company)
write_routes(
    routes,
    "/companies",
    Company,
    CompanyDraft,
    create=create_company,
    change=change_company,
    bulk=upsert_companies,
)


class Deleted(Struct):
    """A company that is no more, and the version of the event that said so."""

    id: UUID
    version: int


@routes.delete("/companies/{id:uuid}", summary="Delete a company", **answers(Deleted))
async def delete(id: UUID, command: Command = COMMAND) -> Response:
    async def deleted(transaction: Transaction) -> Deleted:
        return Deleted(id, await delete_company(transaction, id))

    return await command.run(deleted)
