"""People over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from chassis.web.resources import read_routes, write_routes
from contacts.people.person import PersonDraft
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
