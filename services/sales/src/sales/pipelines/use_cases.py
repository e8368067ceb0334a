"""What one can do with pipelines, a function per verb.

Making another pipeline the default changes the former default in its own event,
in the same transaction.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chassis.bulk import Decision, Upsert, Verdicts, upsert
from chassis.identity import Identity
from chassis.merge import check_edit, merged
from chassis.transactions import Transaction, uuid7
from events.directory import Tenant
from events.sales import Pipeline
from sales.pipelines import pipeline as rules
from sales.pipelines.built_in import built_in_pipeline
from sales.pipelines.pipeline import DefaultGivenTwice, PipelineDraft
from sales.pipelines.store import (
    lock_every_stage,
    pipelines,
    stages_in_use,
    take_turn_for_default,
)


async def create_pipeline(transaction: Transaction, draft: PipelineDraft) -> Pipeline:
    former = await take_turn_for_default(transaction) if draft.is_default else None
    pipeline = await pipelines.save(transaction, "created", None, rules.created(uuid7(), draft))
    await _succeed(transaction, former, pipeline)
    return pipeline


async def create_first_pipeline(transaction: Transaction, tenant: Tenant) -> Pipeline:
    """The pipeline that a new tenant begins with; the default unless there is one already."""
    default = await take_turn_for_default(transaction)
    pipeline = built_in_pipeline(tenant.id, tenant.language)
    if default is not None:
        pipeline = rules.succeeded(pipeline)
    return await pipelines.save(transaction, "created", None, pipeline)


async def change_pipeline(
    transaction: Transaction, id: UUID, patch: dict[str, Any], seen: int | None
) -> Pipeline:
    # The turn comes before the row's lock, so that two who make defaults cannot deadlock.
    former = await take_turn_for_default(transaction) if "is_default" in patch else None
    pipeline = await pipelines.load(transaction, id)
    await check_edit(transaction, pipeline, patch, seen)
    in_use = await stages_in_use(transaction, [stage.id for stage in pipeline.stages])
    after = rules.changed(pipeline, merged(pipeline, patch, PipelineDraft), in_use)
    after = await pipelines.save(transaction, "changed", pipeline, after)
    await _succeed(transaction, former, after)
    return after


async def upsert_pipelines(transaction: Transaction, items: list[dict[str, Any]]) -> Verdicts:
    former = await take_turn_for_default(transaction)
    in_use = await stages_in_use(transaction, await lock_every_stage(transaction))
    successors: list[Pipeline] = []

    def decide(before: Pipeline | None, draft: PipelineDraft, _: Identity) -> Decision[Pipeline]:
        if before is None:
            decision = Decision("created", rules.created(uuid7(), draft))
        else:
            decision = Decision("changed", rules.changed(before, draft, in_use))
        if decision.state.is_default and decision.state.id != former:
            if successors:
                raise DefaultGivenTwice("an earlier item is the default", field="is_default")
            successors.append(decision.state)
        return decision

    verdicts = await upsert(transaction, Upsert(pipelines, PipelineDraft, decide), items)
    written = {verdict.id for verdict in verdicts.items}
    for pipeline in successors:
        if pipeline.id in written:
            await _succeed(transaction, former, pipeline)
    return verdicts


async def _succeed(transaction: Transaction, former: UUID | None, by: Pipeline) -> None:
    """Let the pipeline `by` follow the `former` default, if it is to be the default."""
    if former is None or former == by.id or not by.is_default:
        return
    before = await pipelines.load(transaction, former)
    await pipelines.save(transaction, "changed", before, rules.succeeded(before))
