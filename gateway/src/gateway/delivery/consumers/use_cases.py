"""What one can do with named consumers, a function per verb."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from msgspec import UNSET

from chassis.database import Connection, Database
from chassis.identity import Identity
from chassis.problems import Forbidden, NotFound
from chassis.transactions import Transaction
from gateway.delivery.consumers import consumer as rules
from gateway.delivery.consumers import store
from gateway.delivery.consumers.consumer import (
    Acknowledgement,
    ConsumerDraft,
    ConsumerExists,
    FeedConsumer,
    FeedConsumers,
    Known,
    Rewinding,
    TwoPlaces,
)
from gateway.delivery.cursor import sequence_of
from gateway.delivery.feed.feed import selection_of
from gateway.delivery.log import store as log


async def create_consumer(transaction: Transaction, draft: ConsumerDraft) -> FeedConsumer:
    """A new consumer of who asks; `ConsumerExists` where they have one of this name."""
    selection_of(draft.types)
    bounds = await log.bounds(transaction.connection, transaction.tenant)
    after = bounds.first - 1
    if draft.cursor is not None:
        after = sequence_of(transaction.tenant, draft.cursor)
        bounds.require(after)
    known = Known(draft.name, draft.types, after, None, False, transaction.moment)
    if not await store.create(transaction, _owner(transaction.identity), known):
        raise ConsumerExists(f"{draft.name} is there already", field="name")
    return await _shown(transaction.connection, transaction.tenant, known)


async def known_consumer(database: Database, identity: Identity, name: str) -> Known:
    """A consumer of who asks; `NotFound` where they have none of this name."""
    async with database.pool.acquire() as connection:
        found = await store.find(connection, identity.tenant, identity.user, name)
    return _found(found)


async def own_consumers(transaction: Transaction) -> FeedConsumers:
    """The consumers of who asks."""
    connection, tenant = transaction.connection, transaction.tenant
    known = await store.all_of(connection, tenant, transaction.identity.user)
    return FeedConsumers(items=[await _shown(connection, tenant, one) for one in known])


async def show_consumer(transaction: Transaction, name: str) -> FeedConsumer:
    return await _shown(transaction.connection, transaction.tenant, await _own(transaction, name))


async def acknowledge(transaction: Transaction, name: str, given: Acknowledgement) -> FeedConsumer:
    """Everything up to a cursor is dealt with; an older one than before changes nothing."""
    known = await _own(transaction, name)
    bounds = await log.bounds(transaction.connection, transaction.tenant)
    sequence = sequence_of(transaction.tenant, given.cursor)
    return await _kept(
        transaction,
        replace(
            known,
            acknowledged=rules.acknowledged(known, sequence, bounds),
            acknowledged_at=transaction.moment,
        ),
    )


async def rewind(transaction: Transaction, name: str, to: Rewinding) -> FeedConsumer:
    """Begin again after a cursor, at a time, or with the oldest event; `CursorExpired` before."""
    known = await _own(transaction, name)
    bounds = await log.bounds(transaction.connection, transaction.tenant)
    after = bounds.first - 1
    if to.cursor is not UNSET and to.time is not UNSET:
        raise TwoPlaces("a cursor or a time, not both", field="time")
    if to.cursor is not UNSET:
        after = sequence_of(transaction.tenant, to.cursor)
        bounds.require(after)
    elif to.time is not UNSET:
        moment = rules.possible(to.time)
        found = await log.last_before(transaction.connection, transaction.tenant, moment)
        after = bounds.last if found is None else max(found, after)
    return await _kept(transaction, replace(known, acknowledged=after))


async def pause(transaction: Transaction, name: str, *, is_paused: bool) -> FeedConsumer:
    """Give a consumer nothing from now on, or go on."""
    return await _kept(transaction, replace(await _own(transaction, name), is_paused=is_paused))


async def remove_consumer(transaction: Transaction, name: str) -> FeedConsumer:
    """Forget a consumer; answers what it was."""
    known = await _own(transaction, name)
    await store.remove(transaction, _owner(transaction.identity), name)
    return await _shown(transaction.connection, transaction.tenant, known)


async def _own(transaction: Transaction, name: str) -> Known:
    return _found(
        await store.find(
            transaction.connection,
            transaction.tenant,
            transaction.identity.user,
            name,
            lock=True,
        )
    )


async def _kept(transaction: Transaction, known: Known) -> FeedConsumer:
    await store.keep(transaction, _owner(transaction.identity), known)
    return await _shown(transaction.connection, transaction.tenant, known)


async def _shown(connection: Connection, tenant: UUID, known: Known) -> FeedConsumer:
    bounds = await log.bounds(connection, tenant)
    waiting = await store.waiting_seconds(connection, tenant, known.acknowledged)
    return rules.shown(known, tenant, bounds, waiting)


def _found(known: Known | None) -> Known:
    if known is None:
        raise NotFound("there is no such consumer")
    return known


def _owner(identity: Identity) -> UUID:
    if identity.user is None:
        raise Forbidden("consumers belong to users, and to programs that act for them")
    return identity.user
