"""What one can do with facts, a function per verb."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import Any, Literal
from uuid import UUID

import msgspec

from chassis.journal import Step, encoder
from chassis.merge import converted
from chassis.problems import EventTooLarge, Forbidden, InvalidRequest, Problem
from chassis.transactions import Transaction
from events.integration import Fact
from events.values import ExternalId
from gateway.delivery.facts import fact as rules
from gateway.delivery.facts.fact import LARGEST_CALL, FactDraft
from gateway.delivery.facts.store import facts

LARGEST_FACT = 400_000
"""Bytes; an event has what a document says, and what it said before."""


class FactVerdict(msgspec.Struct, kw_only=True):
    """What became of the item at `index`; `id` and `version` are those of our record of it."""

    index: int
    verdict: Literal["accepted", "duplicate", "stale", "rejected"]
    id: UUID | None = None
    version: int | None = None
    problem: dict[str, Any] | None = None


class FactVerdicts(msgspec.Struct):
    """The answer to a call with facts, in the order of its items."""

    items: list[FactVerdict]


async def report_facts(transaction: Transaction, items: list[dict[str, Any]]) -> FactVerdicts:
    """Take what is news; every item gets a verdict, in turn, and none holds back the others."""
    if not 1 <= len(items) <= LARGEST_CALL:
        raise InvalidRequest(f"between 1 and {LARGEST_CALL} items", field="items")
    if transaction.identity.reach("facts:write") != "all":
        raise Forbidden("facts belong to nobody: this needs facts:write with the reach all")
    drafts = [_drafted(item) for item in items]
    known = await _known(
        transaction, [draft.document for draft in drafts if isinstance(draft, FactDraft)]
    )
    verdicts: list[FactVerdict] = []
    news: list[Step] = []
    for index, draft in enumerate(drafts):
        try:
            verdict = _judge(transaction, _unless_refused(draft), known, news)
        except Problem as problem:
            verdict = FactVerdict(index=index, verdict="rejected", problem=problem.document())
        verdict.index = index
        verdicts.append(verdict)
    await _save(transaction, news)
    return FactVerdicts(verdicts)


def _drafted(item: dict[str, Any]) -> FactDraft | Problem:
    """An item as a draft, or what is wrong with it."""
    try:
        return converted(item, FactDraft)
    except Problem as problem:
        return problem


def _unless_refused(draft: FactDraft | Problem) -> FactDraft:
    if isinstance(draft, Problem):
        raise draft
    return draft


async def _known(
    transaction: Transaction, documents: Iterable[ExternalId]
) -> dict[ExternalId, Fact]:
    """The newest version of each document that is known, locked."""
    named = await facts.named_by(transaction, documents)
    found = await facts.load_many(transaction, named.values()) if named else {}
    return {fact.document: fact for fact in found.values()}


def _judge(
    transaction: Transaction,
    draft: FactDraft,
    known: dict[ExternalId, Fact],
    news: list[Step],
) -> FactVerdict:
    """The verdict on one item; what is accepted is known from here on, and among the `news`."""
    before = known.get(draft.document)
    id = before.id if before is not None else transaction.new_id()
    fact = rules.stated(id, draft, transaction.moment)
    word = rules.judged(before, fact)
    if word != "accepted":
        assert before is not None, "only what is known can be told again"
        return FactVerdict(index=0, verdict=word, id=id, version=before.version)
    size = len(encoder.encode(fact))
    if size > LARGEST_FACT:
        raise EventTooLarge(f"the fact has {size} bytes; {LARGEST_FACT} is the most")
    after = fact if before is None else rules.following(before, fact)
    step = facts.step(transaction, fact.kind, before, after, at=fact.happened_at)
    assert isinstance(step.after, Fact), "the next version of a fact is one"
    known[draft.document] = step.after
    news.append(step)
    return FactVerdict(index=0, verdict=word, id=id, version=step.after.version)


async def _save(transaction: Transaction, news: list[Step]) -> None:
    """Write what is accepted; each event names the system it came from as its origin."""
    for origin, steps in _together(news):
        transaction.cause = replace(transaction.cause, origin=origin)
        await facts.save_all(transaction, steps)


def _together(news: Iterable[Step]) -> Iterator[tuple[str, list[Step]]]:
    """(system, steps) of what can be written at once: no document twice, the earlier first."""
    seen: dict[UUID, int] = {}
    placed: list[tuple[int, str, Step]] = []
    for step in news:
        turn = seen[step.after.id] = seen.get(step.after.id, 0) + 1
        placed.append((turn, step.after.external_ids[0].system, step))
    # Whoever writes the same documents at the same time takes them in the same order.
    placed.sort(key=lambda place: place[:2])
    for (_, origin), of_turn in groupby(placed, key=lambda place: place[:2]):
        yield origin, [step for _, _, step in of_turn]
