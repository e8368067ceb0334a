"""Bulk upserts: up to 1,000 items, a verdict for each, one statement for all.

An item is a create body with an optional `id`. It is matched by `id`, else by
the first of its external ids that is known, and merged into what it matched; an
equal result is `unchanged` and writes nothing. A wrong item is rejected with its
problem and does not hold back the others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

import msgspec

from chassis.aggregates import AggregateStore
from chassis.identity import Identity
from chassis.journal import Step
from chassis.merge import converted, merged
from chassis.problems import InvalidRequest, NotFound, Problem
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
    """What the rules make of one item: the new state, and the verb of its event."""

    verb: str
    state: State


@dataclass(frozen=True, slots=True)
class Upsert(Generic[State, Draft]):
    """How one kind of aggregate is upserted.

    `decide(before, draft, identity)` applies the rules: `before` is None for a
    new record. It raises problems for items that break a rule.
    """

    store: AggregateStore[State]
    draft: type[Draft]
    decide: Callable[[State | None, Draft, Identity], Decision[State]]


async def upsert(
    transaction: Transaction, kind: Upsert[State, Draft], items: list[dict[str, Any]]
) -> Verdicts:
    """Upsert `items`; every item gets a verdict, good ones are written together."""
    if not 1 <= len(items) <= LARGEST_BULK:
        raise InvalidRequest(f"between 1 and {LARGEST_BULK} items", field="items")
    transaction.identity.reach(f"{kind.store.resource}:write")
    known = await _known(transaction, kind.store, items)
    verdicts: list[Verdict] = []
    steps: list[Step] = []
    seen: set[object] = set()
    for index, item in enumerate(items):
        try:
            verdict, step = await _judge(transaction, kind, item, known, seen)
        except Problem as problem:
            verdict, step = Verdict(index=index, verdict="rejected", problem=problem.document()), None
        verdict.index = index
        verdicts.append(verdict)
        if step is not None:
            steps.append(step)
    await kind.store.save_all(transaction, steps)
    return Verdicts(verdicts)


@dataclass(frozen=True, slots=True)
class _Known(Generic[State]):
    by_external_id: dict[ExternalId, UUID]
    reachable: dict[UUID, State]


async def _known(
    transaction: Transaction, store: AggregateStore[State], items: list[dict[str, Any]]
) -> _Known[State]:
    external = [item for given in items for item in _external_ids(given)]
    by_external_id = await store.named_by(transaction, external)
    ids = set(by_external_id.values())
    ids.update(id for item in items if (id := _id(item)) is not None)
    reachable = await store.load_many(transaction, ids) if ids else {}
    return _Known(by_external_id, reachable)


async def _judge(
    transaction: Transaction,
    kind: Upsert[State, Draft],
    item: dict[str, Any],
    known: _Known[State],
    seen: set[object],
) -> tuple[Verdict, Step | None]:
    fields = {name: value for name, value in item.items() if name != "id"}
    before = _matched(kind.store, item, known)
    if before is None:
        draft = converted(fields, kind.draft)
    else:
        draft = merged(before, fields, kind.draft)
    names = {before.id} if before is not None else set(_external_ids(item))
    if names & seen:
        raise DuplicateInRequest("an earlier item of this request names the same record")
    seen |= names
    decision = kind.decide(before, draft, transaction.identity)
    if before is not None and decision.state == before:
        return Verdict(index=0, verdict="unchanged", id=before.id, version=before.version), None
    if before is None and not await kind.store.may_hold(transaction, decision.state):
        raise InvalidRequest("a new record must lie within your own reach", field="department")
    step = kind.store.step(transaction, decision.verb, before, decision.state)
    word: Literal["created", "updated"] = "created" if before is None else "updated"
    return Verdict(index=0, verdict=word, id=step.after.id, version=step.after.version), step


def _matched(
    store: AggregateStore[State], item: dict[str, Any], known: _Known[State]
) -> State | None:
    id = _id(item)
    if id is None:
        named = (known.by_external_id.get(external) for external in _external_ids(item))
        id = next((record for record in named if record is not None), None)
        if id is None:
            return None
    try:
        return known.reachable[id]
    except KeyError:
        raise NotFound(f"there is no {store.kind} {id}", field="id") from None


def _id(item: dict[str, Any]) -> UUID | None:
    value = item.get("id")
    if value is None:
        return None
    try:
        return UUID(value)
    except (ValueError, TypeError, AttributeError):
        # The item's own verdict reports it; while looking ahead it names no record.
        return _NOBODY


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
