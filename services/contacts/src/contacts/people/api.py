"""People over HTTP."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from chassis.web.commands import COMMAND, Command
from chassis.web.documents import answers
from chassis.web.resources import read_routes, write_routes
from contacts.people.person import PersonDraft
from contacts.people.removal import Removed, remove_person
from contacts.people.store import people
from contacts.people.use_cases import change_person, create_person, upsert_people
from events.contacts import Person

routes = APIRouter(prefix="/v1", tags=["people"])

read_routes(routes, "/people", people, Person)
write_routes(
    routes,
    "/people",
    Person,
    PersonDraft,
    create=create_person,
    change=change_person,
    bulk=upsert_people,
)


@routes.delete(
    "/people/{id:uuid}",
    summary="Delete a person; with `Meridian-Reason: erasure` also all that is kept of them",
    **answers(Removed),
)
async def remove(id: UUID, command: Command = COMMAND) -> Response:
    return await command.run(lambda transaction: remove_person(transaction, id))
