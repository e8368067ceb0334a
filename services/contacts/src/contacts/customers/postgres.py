"""Every query over companies and people alike on PostgreSQL, and the timeline of either."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    Table,
    Uuid,
    and_,
    any_,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from chassis.access import visible
from chassis.aggregates import tables
from chassis.database import fetch
from chassis.identity import Identity
from chassis.problems import Forbidden, NotFound
from chassis.storage import AnyDatabase
from chassis.transactions import Transaction
from contacts.companies.postgres import TABLE as COMPANY
from contacts.customers.timeline import Place, Row, TimelineRequest
from contacts.holders import Holder
from contacts.people.postgres import TABLE as PERSON
from contacts.replicas.deals import OPEN_DEAL, PRODUCT_NAME
from contacts.replicas.facts import unlink
from contacts.replicas.naming import Called
from contacts.touches.postgres import TABLE as TOUCH

_KINDS: tuple[tuple[str, Table, str], ...] = (
    ("company", COMPANY, "companies"),
    ("person", PERSON, "people"),
)
_CALLED = msgspec.json.Decoder(Called)


async def find_customer(
    database: AnyDatabase, identity: Identity, id: UUID
) -> tuple[str, int, str]:
    readable = _readable(identity, COMPANY.c.id == id, PERSON.c.id == id)
    if readable is None:
        raise Forbidden("this needs the permission companies:read or people:read")
    row = await tables(database).fetch_one(select(readable))
    if row is None:
        raise NotFound(f"there is no customer {id}")
    return row["type"], row["version"], row["state"]


async def find_timeline(
    database: AnyDatabase,
    identity: Identity,
    id: UUID,
    request: TimelineRequest,
    *,
    of_people: bool,
) -> list[Row]:
    await find_customer(database, identity, id)
    rows = await tables(database).fetch(_timeline(identity, id, request, of_people))
    return _rows(rows)


async def find_subjects(
    database: AnyDatabase, identity: Identity, id: UUID, *, of_people: bool
) -> list[Called]:
    of_person = or_(PERSON.c.id == id, PERSON.c.company == id) if of_people else PERSON.c.id == id
    readable = _readable(
        identity,
        (COMPANY.c.id == id) & visible(COMPANY, identity, "facts:read"),
        of_person & visible(PERSON, identity, "facts:read"),
    )
    if readable is None:
        return []
    rows = await tables(database).fetch(select(readable.c.state))
    return [_CALLED.decode(row["state"]) for row in rows]


async def find_products(
    database: AnyDatabase, identity: Identity, customers: Sequence[UUID]
) -> list[str]:
    wanted = (
        select(func.unnest(OPEN_DEAL.c.products).label("id"))
        .where(
            OPEN_DEAL.c.customer == any_(literal(list(customers), ARRAY(Uuid))),
            visible(OPEN_DEAL, identity, "deals:read"),
        )
        .distinct()
        .subquery("wanted")
    )
    names = PRODUCT_NAME.c
    known = and_(names.tenant == identity.tenant, names.id == wanted.c.id)
    rows = await tables(database).fetch(
        select(wanted.c.id, names.names).select_from(wanted.outerjoin(PRODUCT_NAME, known))
    )
    return [name for row in rows for name in row["names"] or [str(row["id"])]]


_OF_EACH = """select {given}.id, {given}.moment, {given}.state
    from unnest(${names}::text[]) as named(name) cross join lateral (
        select id, moment, state from fact
        where tenant = $1 and {given} = named.name and {unless} (moment, id) < ($4, $5)
        order by moment desc, id desc limit $6) {given}"""
_FACTS = f"""
select * from (
    {_OF_EACH.format(given="customer", names=2, unless="")}
    union all
    {_OF_EACH.format(given="product", names=3, unless="customer is null and")}
    union all
    select reversal.id, reversal.moment, reversal.state
    from fact payment join fact reversal on reversal.tenant = $1
         and reversal.payment = payment.document
    where payment.tenant = $1 and payment.customer = any($2)
          and payment.kind = 'payment_received' and reversal.customer is null
          and (reversal.moment, reversal.id) < ($4, $5)
) as found order by moment desc, id desc limit $6
"""  # noqa: S608 - the names of our own columns
_LAST = Place(datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))


async def find_facts(
    database: AnyDatabase,
    tenant: UUID,
    customers: Sequence[str],
    products: Sequence[str],
    request: TimelineRequest,
) -> list[Row]:
    after = request.after or _LAST
    return _rows(
        await tables(database).pool.fetch(
            _FACTS, tenant, customers, products, after.moment, after.id, request.limit + 1
        )
    )


async def unlink_facts(transaction: Transaction, names: Sequence[str]) -> None:
    await unlink(transaction.connection, transaction.tenant, names)


def _rows(rows: Iterable[Any]) -> list[Row]:
    return [(Place(row["moment"], row["id"]), row["state"]) for row in rows]


async def holders_of(transaction: Transaction, ids: Iterable[UUID]) -> dict[UUID, Holder]:
    wanted = list(ids)
    identity = transaction.identity
    readable = _readable(
        identity,
        COMPANY.c.id.in_(wanted) & visible(COMPANY, identity, "touches:write"),
        PERSON.c.id.in_(wanted) & visible(PERSON, identity, "touches:write"),
    )
    if readable is None:
        return {}
    columns = readable.c
    rows = await fetch(
        transaction.connection, select(columns.id, columns.owner, columns.department)
    )
    return {row["id"]: Holder(row["owner"], row["department"]) for row in rows}


def _readable(
    identity: Identity, of_company: ColumnElement[bool], of_person: ColumnElement[bool]
) -> Subquery | None:
    """The customers that fulfil a condition and lie within the reach for reading.

    Who may read only one kind finds only that; None for who may read neither.
    """
    found: list[Select[Any]] = []
    for (name, table, resource), condition in zip(_KINDS, (of_company, of_person), strict=True):
        try:
            within = visible(table, identity, f"{resource}:read")
        except Forbidden:
            continue
        columns = table.c
        found.append(
            select(
                literal(name).label("type"),
                columns.id,
                columns.version,
                columns.owner,
                columns.department,
                columns.state,
            ).where(condition, within)
        )
    return union_all(*found).subquery("customer") if found else None


def _timeline(
    identity: Identity, id: UUID, request: TimelineRequest, of_people: bool
) -> Select[Any]:
    # A lateral scan for each customer reads no more than a page from the index of each,
    # however many touches there are.
    of_company = select(PERSON.c.id).where(
        PERSON.c.tenant == identity.tenant, PERSON.c.company == id
    )
    parts = [select(literal(id).label("id")), *([of_company] if of_people else [])]
    customers = union_all(*parts).subquery("customers")
    columns = TOUCH.c
    newest = (columns.moment.desc(), columns.id.desc())
    of_each = (
        select(columns.id, columns.moment, columns.state)
        .where(
            visible(TOUCH, identity, "touches:read"),
            columns.customer == customers.c.id,
            columns.status.in_(request.statuses),
            *_narrowed(request),
        )
        .order_by(*newest)
        .limit(request.limit + 1)
        .lateral("of_each")
    )
    return (
        select(of_each)
        .select_from(customers.join(of_each, true()))
        .order_by(of_each.c.moment.desc(), of_each.c.id.desc())
        .limit(request.limit + 1)
    )


def _narrowed(request: TimelineRequest) -> list[ColumnElement[bool]]:
    columns = TOUCH.c
    narrowed: list[ColumnElement[bool]] = []
    if request.channels is not None:
        narrowed.append(columns.channel.in_(request.channels))
    if request.after is not None:
        place = tuple_(literal(request.after.moment), literal(request.after.id))
        narrowed.append(tuple_(columns.moment, columns.id) < place)
    return narrowed
