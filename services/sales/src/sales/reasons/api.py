"""Reasons over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from chassis.web.resources import read_routes, write_routes
from events.sales import Reason
from sales.reasons.reason import ReasonDraft
from sales.reasons.store import reasons
from sales.reasons.use_cases import change_reason, create_reason, upsert_reasons

routes = APIRouter(prefix="/v1", tags=["reasons"])

read_routes(routes, "/reasons", reasons, Reason)
write_routes(
    routes,
    "/reasons",
    Reason,
    ReasonDraft,
    create=create_reason,
    change=change_reason,
    bulk=upsert_reasons,
)
