"""Bulk upserts: up to 1,000 items, a verdict for each, one statement for all on PostgreSQL.

An item is a create body with an optional `id`. It is matched by `id`, else by
the first of its external ids that is known, and merged into what it matched; an
equal result is `unchanged` and writes nothing. A wrong item is rejected with its
problem and does not hold back the others. It may repeat a field that is read only to
whoever sends it, and not name one that they do not see. Where a record's id follows from its
fields, items have no `id` and are matched by those fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

import msgspec

from chassis.fields import discreet
from chassis.identity import Identity
from chassis.journal import Step
from chassis.merge import drafted
from chassis.problems import ExternalIdTaken, InvalidRequest, NotFound, Problem
from chassis.stores import Store
from chassis.transactions import Transaction
from events.values import ExternalId, Record

LARGEST_BULK = 1_000

State = TypeVar("State", bound=Record)
Draft = TypeVar("Draft", bound=msgspec.Struct)


class Bulk(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a bulk request."""

    items: list[dict[str, Any]]


class Verdict(msgspec.Struct, kw_only=True):
    """What became of the item at `index`."""

    index: int
    verdict: Literal["created", "updated", "unchanged", "rejected"]
    id: UUID | None = None
    version: int | None = None
    problem: dict[str, Any] | None = None


class Verdicts(msgspec.Struct):
    """The answer to a bulk request, in the order of its items."""

    items: list[Verdict]


class DuplicateInRequest(Problem):
    status = 422
    title = "The request names this record twice"


@dataclass(frozen=True, slots=True)
class Decision(Generic[State]):
    """What the rules make of one item: the new state, and the verb of its event.

    `at` is when it happened in the business, the moment of the command by default.
    """

    verb: str
    state: State
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Upsert(Generic[State, Draft]):
    """How one kind of aggregate is upserted.

    `decide(before, draft, identity)` applies the rules: `before` is None for a
    new record. It raises problems for items that break a rule. `identify` gives
    the id that follows from an item's fields, None when they are not well-formed.
    `read(before, fields)` makes the draft, where one type for every item is not
    enough; `drafted` does it otherwise.
    """

    store: Store[State]
    draft: type[Draft]
    decide: Callable[[State | None, Draft, Identity], Decision[State]]
    identify: Callable[[dict[str, Any]], UUID | None] | None = None
    read: Callable[[State | None, dict[str, Any]], Draft] | None = None

    def id_of(self, item: dict[str, Any]) -> UUID | None:
        """The id by which `item` names a record, if it does."""
        return _given_id(item) if self.identify is None else self.identify(item)

    def fields_of(self, item: dict[str, Any]) -> dict[str, Any]:
        """What of `item` is the draft."""
        if self.identify is not None:
            return item
        return {name: value for name, value in item.items() if name != "id"}


def ids_in(items: Iterable[dict[str, Any]], field: str) -> set[UUID]:
    """The well-formed ids that `items` give as `field`: what a use case loads before it decides."""
    return {id for item in items if (id := _uuid(item.get(field))) is not None}


async def record_ids(
    transaction: Transaction, store: Store[State], items: Iterable[dict[str, Any]]
) -> set[UUID]:
    """Which records `items` name, by id or external id, whether within reach or not."""
    listed = list(items)
    external = [item for given in listed for item in _external_ids(given)]
    known = await store.named_by(transaction, external)
    return {*known.values(), *ids_in(listed, "id")}


async def upsert(
    transaction: Transaction, kind: Upsert[State, Draft], items: list[dict[str, Any]]
) -> Verdicts:
    """Upsert `items`; every item gets a verdict, good ones are written together."""
    if not 1 <= len(items) <= LARGEST_BULK:
        raise InvalidRequest(f"between 1 and {LARGEST_BULK} items", field="items")
    transaction.identity.reach(f"{kind.store.resource}:write")
    # Read once for all of what follows: a request has many of them.
    external_ids = [_external_ids(item) for item in items]
    known = await _known(transaction, kind, items, external_ids)
    verdicts: list[Verdict] = []
    steps: list[Step] = []
    seen: set[object] = set()
    for index, (item, external) in enumerate(zip(items, external_ids, strict=True)):
        transaction.item = index
        try:
            verdict, step = await _judge(transaction, kind, item, external, known, seen)
        except Problem as problem:
            step = None
            told = discreet(transaction.identity, problem).document()
            verdict = Verdict(index=index, verdict="rejected", problem=told)
        verdict.index = index
        verdicts.append(verdict)
        if step is not None:
            steps.append(step)
    refused = await kind.store.save_all(transaction, steps)
    return Verdicts([_as_written(verdict, refused) for verdict in verdicts])


def _as_written(verdict: Verdict, refused: Mapping[UUID, Problem]) -> Verdict:
    """The verdict, unless the item could not be written after all."""
    problem = refused.get(verdict.id) if verdict.id is not None else None
    if problem is None:
        return verdict
    return Verdict(index=verdict.index, verdict="rejected", problem=problem.document())


@dataclass(frozen=True, slots=True)
class _Known(Generic[State]):
    by_external_id: dict[ExternalId, UUID]
    reachable: dict[UUID, State]
    existing: set[UUID]


async def _known(
    transaction: Transaction,
    kind: Upsert[State, Draft],
    items: list[dict[str, Any]],
    external_ids: list[list[ExternalId]],
) -> _Known[State]:
    store = kind.store
    by_external_id = await store.named_by(transaction, chain.from_iterable(external_ids))
    ids = set(by_external_id.values())
    ids.update(id for item in items if (id := kind.id_of(item)) is not None)
    reachable = await store.load_many(transaction, ids) if ids else {}
    # Only an id that follows from the fields may belong to a record still to be made.
    existing = ids if kind.identify is None else await store.existing(transaction, ids)
    return _Known(by_external_id, reachable, existing)


async def _judge(
    transaction: Transaction,
    kind: Upsert[State, Draft],
    item: dict[str, Any],
    external: list[ExternalId],
    known: _Known[State],
    seen: set[object],
) -> tuple[Verdict, Step | None]:
    fields = kind.fields_of(item)
    sight = kind.store.sight(transaction.identity)
    if sight is not None:
        # Before anything tells by what it says whether they guessed right.
        sight.require_writable(name for name in fields if not sight.is_seen(name))
    id = _named(kind, item, external, known)
    before = _matched(kind, item, id, known)
    if before is not None:
        fields = _adding_external_ids(before, fields)
    draft = kind.read(before, fields) if kind.read else drafted(before, fields, kind.draft)
    if any(known.by_external_id.get(name, id) != id for name in external):
        raise ExternalIdTaken("another record has one of these external ids", field="external_ids")
    names: set[object] = {*external, id} if id is not None else set(external)
    if names & seen:
        raise DuplicateInRequest("an earlier item of this request names the same record")
    seen |= names
    decision = kind.decide(before, draft, transaction.identity)
    if sight is not None:
        sight.require_writable(_set(fields, before, decision.state))
    if before is not None and decision.state == before:
        return Verdict(index=0, verdict="unchanged", id=before.id, version=before.version), None
    if before is None and not await kind.store.may_hold(transaction, decision.state):
        raise InvalidRequest("a new record must lie within your own reach", field="department")
    step = kind.store.step(transaction, decision.verb, before, decision.state, at=decision.at)
    word: Literal["created", "updated"] = "created" if before is None else "updated"
    return Verdict(index=0, verdict=word, id=step.after.id, version=step.after.version), step


def _set(fields: Iterable[str], before: Record | None, after: Record) -> list[str]:
    """Those of `fields` to which the state owes another value than it had."""
    if before is None:
        return list(fields)
    return [
        name
        for name in fields
        if name in before.__struct_fields__ and getattr(before, name) != getattr(after, name)
    ]


def _adding_external_ids(before: Record, fields: dict[str, Any]) -> dict[str, Any]:
    """`fields`, with the external ids of `before` kept: naming a record by one takes no other."""
    if not isinstance(fields.get("external_ids"), list):
        return fields
    given = fields["external_ids"]
    kept = [item for item in msgspec.to_builtins(before.external_ids) if item not in given]
    return {**fields, "external_ids": [*kept, *given]} if kept else fields


def _named(
    kind: Upsert[State, Draft],
    item: dict[str, Any],
    external: list[ExternalId],
    known: _Known[State],
) -> UUID | None:
    """The id of the record that `item` names, by its id or its external ids."""
    id = kind.id_of(item)
    if id is not None:
        return id
    named = (known.by_external_id.get(name) for name in external)
    return next((record for record in named if record is not None), None)


def _matched(
    kind: Upsert[State, Draft], item: dict[str, Any], id: UUID | None, known: _Known[State]
) -> State | None:
    """The record `id`, which `item` names, as it is; None when it is still to be made."""
    if id is None or id not in known.existing:
        return None
    try:
        return known.reachable[id]
    except KeyError:
        if kind.id_of(item) is not None:
            raise NotFound(f"there is no {kind.store.kind} {id}", field="id") from None
        # Whoever knows what another system calls a record is not told its id.
        raise NotFound(
            f"there is no {kind.store.kind} of these external ids", field="external_ids"
        ) from None


def _given_id(item: dict[str, Any]) -> UUID | None:
    value = item.get("id")
    if value is None:
        return None
    # What is no id names no record; the item's own verdict reports it.
    return _uuid(value) or _NOBODY


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(value)
    except (ValueError, TypeError, AttributeError):
        return None


_NOBODY = UUID(int=0)


def _external_ids(item: dict[str, Any]) -> list[ExternalId]:
    """The external ids of an item as far as they are well-formed; decoding reports the rest."""
    given = item.get("external_ids")
    if not isinstance(given, list):
        return []
    found = []
    for entry in given:
        try:
            found.append(msgspec.convert(entry, ExternalId))
        except msgspec.ValidationError:
            continue
    return found
