"""Absences over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from chassis.web.resources import delete_route, read_routes, write_routes
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
delete_route(routes, "/absences", "Delete an absence", delete_absence)
