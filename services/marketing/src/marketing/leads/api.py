"""Leads over HTTP, and the public door by which they come."""

from __future__ import annotations

import math
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from chassis.identity import Identity
from chassis.problems import TooManyRequests
from chassis.transactions import Transaction
from chassis.web.bodies import json_body
from chassis.web.commands import Command, commanding
from chassis.web.documents import answers
from chassis.web.resources import database_of, read_routes
from events.marketing import Lead
from marketing.forms.store import PublicForm, find_public
from marketing.leads.lead import Submission
from marketing.leads.store import leads
from marketing.leads.throttle import TokenBuckets
from marketing.leads.use_cases import capture_lead
from marketing.settings import MarketingSettings

LARGEST_SUBMISSION = 128 * 1024
"""Bytes: a message of the greatest length, every letter of it escaped, and the other fields."""

routes = APIRouter(prefix="/v1", tags=["leads"])
submissions = TokenBuckets()

read_routes(routes, "/leads", leads, Lead)


class Captured(Struct):
    """The answer to a submission."""

    lead: UUID


async def admitted(id: UUID, request: Request) -> PublicForm:
    """The form that is submitted; `TooManyRequests` when it is submitted too often."""
    found = await find_public(database_of(request), id)
    settings: MarketingSettings = request.app.state.settings
    seconds = submissions.wait(
        id, per_second=settings.submissions_per_minute / 60, burst=settings.submissions_burst
    )
    if seconds > 0:
        problem = TooManyRequests("this form is submitted too often at the moment")
        problem.headers["Retry-After"] = str(math.ceil(seconds))
        raise problem
    return found


def identity_of(public: PublicForm) -> Identity:
    """Who acts when a stranger submits a form: the form itself, in its tenant, for this only."""
    return Identity(
        tenant=public.tenant,
        user=None,
        actor=f"form:{public.form.id}",
        department=None,
        department_path=(),
        permissions={"leads:write": "all", "campaigns:read": "all"},
    )


ADMITTED: Any = Depends(admitted)


@commanding
async def _submitting(request: Request, public: PublicForm = ADMITTED) -> Command:
    return Command(request, identity_of(public))


SUBMITTING: Any = Depends(_submitting)


@routes.post(
    "/forms/{id:uuid}/submissions",
    summary="Leave one's details (public: needs no identity)",
    **answers(Captured, 202, problems=[TooManyRequests]),
)
async def submit(
    public: PublicForm = ADMITTED,
    submission: Submission = json_body(Submission, largest=LARGEST_SUBMISSION),
    command: Command = SUBMITTING,
) -> Response:
    async def capture(transaction: Transaction) -> Captured:
        return Captured((await capture_lead(transaction, public.form, submission)).id)

    return await command.run(capture, status=202)
