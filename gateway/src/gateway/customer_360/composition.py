"""Putting a customer together from the services that know parts of it."""

from __future__ import annotations

import asyncio
from uuid import UUID

from msgspec import Raw, Struct

from chassis.problems import Forbidden, NotFound, Problem
from gateway.edge.upstreams import Upstreams

_NOTHING = Raw(b'{"items":[],"next_cursor":null}')
_UNKNOWN = Raw(b"null")


class Customer360(Struct, kw_only=True):
    """What is known of a customer.

    `customer` is as `GET /v1/customers/{id}` answers, `timeline`, `deals` and the
    `leads` that became this customer, with the campaigns they came by, are the
    first pages of their lists. A part is null when its service, which
    `unavailable` then names, did not answer in time.
    """

    customer: Raw
    timeline: Raw
    deals: Raw
    leads: Raw
    unavailable: list[str]


async def compose(upstreams: Upstreams, id: UUID, identity: str, seconds: float) -> Customer360:
    """Ask all services at once, each for so many `seconds` at the most.

    Raises `NotFound` for a customer that contacts does not have within reach. A
    part that one may not read is empty.
    """

    async def part(service: str, target: str) -> tuple[int, Raw]:
        try:
            status, body = await upstreams[service].read(target, seconds=seconds, identity=identity)
        except Problem as problem:
            return problem.status, _UNKNOWN
        return status, Raw(body)

    customer, timeline, deals, leads = await asyncio.gather(
        part("contacts", f"/v1/customers/{id}"),
        part("contacts", f"/v1/customers/{id}/timeline"),
        part("sales", f"/v1/deals?customer={id}"),
        part("marketing", f"/v1/leads?customer={id}"),
    )
    if customer[0] == 404:
        raise NotFound(f"there is no customer {id}")
    if customer[0] == 403:
        raise Forbidden("this needs the permission to read customers")
    answers = {"contacts": (customer, timeline), "sales": (deals,), "marketing": (leads,)}
    return Customer360(
        customer=customer[1] if customer[0] == 200 else _UNKNOWN,
        timeline=_listed(timeline),
        deals=_listed(deals),
        leads=_listed(leads),
        unavailable=[
            service
            for service, parts in answers.items()
            if any(status not in (200, 403, 404) for status, _ in parts)
        ],
    )


def _listed(part: tuple[int, Raw]) -> Raw:
    status, body = part
    if status in (403, 404):
        return _NOTHING
    return body if status == 200 else _UNKNOWN
