"""What a pipeline is: ordered stages that keep their ids, whatever they are called."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Annotated
from uuid import UUID, uuid5

from msgspec import Meta, Struct
from msgspec.structs import replace

from chassis.problems import RuleBroken
from events.sales import Pipeline, Stage
from events.values import ExternalId, Name


class StageDraft(Struct, kw_only=True, forbid_unknown_fields=True):
    """A stage as clients give it; without an id it is the stage of that name, or a new one."""

    id: UUID | None = None
    name: Name
    probability: Annotated[int, Meta(ge=0, le=100)]


class PipelineDraft(Struct, kw_only=True, forbid_unknown_fields=True):
    """The fields of a pipeline that clients set."""

    name: Name
    stages: Annotated[tuple[StageDraft, ...], Meta(max_length=100)]
    is_default: bool = False
    is_active: bool = True
    external_ids: tuple[ExternalId, ...] = ()


class PipelineNeedsStage(RuleBroken):
    title = "A pipeline has at least one stage"


class StageNamedTwice(RuleBroken):
    title = "Two stages of a pipeline have the same name"


class StageGivenTwice(RuleBroken):
    title = "A stage stands once in its pipeline"


class StageInUse(RuleBroken):
    """Open deals stand in the stage: move them first."""

    status = 409
    title = "A stage with open deals cannot be removed"


class DefaultPipelineNeeded(RuleBroken):
    """To replace the default pipeline, make another one the default."""

    status = 409
    title = "One active pipeline is the default"


class DefaultGivenTwice(RuleBroken):
    title = "One request makes one pipeline the default"


class StageNotOfPipeline(RuleBroken):
    title = "The pipeline has no such stage"


class UnknownPipeline(RuleBroken):
    title = "There is no such pipeline"


def created(id: UUID, draft: PipelineDraft) -> Pipeline:
    """A new pipeline as drafted."""
    return _checked(
        Pipeline(
            id=id,
            version=0,
            name=draft.name,
            stages=_stages(id, (), draft.stages),
            is_default=draft.is_default,
            is_active=draft.is_active,
            external_ids=draft.external_ids,
        )
    )


def changed(pipeline: Pipeline, draft: PipelineDraft, in_use: Collection[UUID]) -> Pipeline:
    """The pipeline with the draft's fields; stages `in_use` by open deals stay."""
    if pipeline.is_default and not draft.is_default:
        raise DefaultPipelineNeeded("make another pipeline the default instead", field="is_default")
    after = _checked(
        replace(
            pipeline,
            name=draft.name,
            stages=_stages(pipeline.id, pipeline.stages, draft.stages),
            is_default=draft.is_default,
            is_active=draft.is_active,
            external_ids=draft.external_ids,
        )
    )
    kept = {stage.id for stage in after.stages}
    for stage in pipeline.stages:
        if stage.id not in kept and stage.id in in_use:
            raise StageInUse(f"open deals stand in {stage.name!r}", field="stages", stage=stage.id)
    return after


def succeeded(former: Pipeline) -> Pipeline:
    """The default pipeline after another one has become the default."""
    return replace(former, is_default=False)


def stage_of(pipeline: Pipeline, id: UUID) -> Stage:
    """The stage of `pipeline` with this id; `StageNotOfPipeline` when it has none."""
    for stage in pipeline.stages:
        if stage.id == id:
            return stage
    raise StageNotOfPipeline(f"{pipeline.name!r} has no stage {id}", field="stage")


def _checked(pipeline: Pipeline) -> Pipeline:
    if pipeline.is_default and not pipeline.is_active:
        raise DefaultPipelineNeeded("the default pipeline is active", field="is_active")
    if not pipeline.stages:
        raise PipelineNeedsStage("give one stage or more", field="stages")
    names: set[str] = set()
    ids: set[UUID] = set()
    for stage in pipeline.stages:
        if stage.name.casefold() in names:
            raise StageNamedTwice(f"two stages are called {stage.name!r}", field="stages")
        if stage.id in ids:
            raise StageGivenTwice(f"stage {stage.id} is given twice", field="stages")
        names.add(stage.name.casefold())
        ids.add(stage.id)
    return pipeline


def _stages(
    pipeline: UUID, current: tuple[Stage, ...], drafts: tuple[StageDraft, ...]
) -> tuple[Stage, ...]:
    """The drafted stages with their ids: the given one, that of the same name, or a new one."""
    named = {stage.name: stage.id for stage in current}
    taken = {draft.id for draft in drafts if draft.id is not None}
    stages = []
    for draft in drafts:
        id = draft.id or named.get(draft.name)
        if id is None or (draft.id is None and id in taken):
            id = _new_stage_id(pipeline, draft.name, taken | {stage.id for stage in current})
        taken.add(id)
        stages.append(Stage(id=id, name=draft.name, probability=draft.probability))
    return tuple(stages)


def _new_stage_id(pipeline: UUID, name: str, taken: Collection[UUID | None]) -> UUID:
    """An id that follows from the name, so that the same command makes the same stage."""
    id = uuid5(pipeline, name)
    # A stage that was renamed keeps the id that its first name gave it.
    while id in taken:
        id = uuid5(id, name)
    return id


class Pipelines:
    """The pipelines that a tenant's deals may go through, and which is the default."""

    def __init__(self, known: Iterable[Pipeline], built_in: Pipeline) -> None:
        self._by_id = {pipeline.id: pipeline for pipeline in known}
        # Deals may come before the tenant's own event has made its first pipeline;
        # its ids are known beforehand.
        self._by_id.setdefault(built_in.id, built_in)
        defaults = (p for p in self._by_id.values() if p.is_default and p is not built_in)
        self.default = next(defaults, self._by_id[built_in.id])

    def find(self, id: UUID | None) -> Pipeline:
        """The pipeline with this id, the default one for None; else `UnknownPipeline`."""
        if id is None:
            return self.default
        try:
            return self._by_id[id]
        except KeyError:
            raise UnknownPipeline(f"there is no pipeline {id}", field="pipeline") from None
