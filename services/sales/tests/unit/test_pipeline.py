"""What a pipeline is, and what may become of its stages."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from events.sales import Pipeline
from sales.pipelines.built_in import built_in_pipeline
from sales.pipelines.pipeline import (
    DefaultPipelineNeeded,
    PipelineDraft,
    PipelineNeedsStage,
    Pipelines,
    StageDraft,
    StageGivenTwice,
    StageInUse,
    StageNamedTwice,
    UnknownPipeline,
    changed,
    created,
    succeeded,
)

NOBODY: set[UUID] = set()


def draft(*stages: StageDraft | str, **fields: Any) -> PipelineDraft:
    given = tuple(StageDraft(name=s, probability=50) if isinstance(s, str) else s for s in stages)
    return PipelineDraft(name="Sales", stages=given, **fields)


def stage(name: str, id: UUID | None = None) -> StageDraft:
    return StageDraft(id=id, name=name, probability=10)


def ids(pipeline: Pipeline) -> dict[str, UUID]:
    return {stage.name: stage.id for stage in pipeline.stages}


def test_a_pipeline_keeps_its_stages_in_the_given_order() -> None:
    pipeline = created(uuid4(), draft("New", "Offer", "Contract"))
    assert [stage.name for stage in pipeline.stages] == ["New", "Offer", "Contract"]


def test_a_stage_given_by_name_keeps_its_id_wherever_it_stands() -> None:
    before = created(uuid4(), draft("New", "Offer"))
    after = changed(before, draft("Offer", "Call", "New"), NOBODY)
    assert ids(before).items() <= ids(after).items()


def test_a_stage_given_by_id_keeps_it_under_another_name() -> None:
    before = created(uuid4(), draft("New", "Offer"))
    after = changed(before, draft(stage("Lead", ids(before)["New"]), "Offer"), NOBODY)
    assert ids(after) == {"Lead": ids(before)["New"], "Offer": ids(before)["Offer"]}


def test_a_new_stage_under_the_former_name_of_another_is_a_new_stage() -> None:
    before = created(uuid4(), draft("New"))
    after = changed(before, draft(stage("Lead", ids(before)["New"]), "New"), NOBODY)
    assert ids(after)["Lead"] == ids(before)["New"] != ids(after)["New"]


def test_an_importer_may_choose_the_ids_of_stages_beforehand() -> None:
    id = uuid4()
    assert ids(created(uuid4(), draft(stage("New", id)))) == {"New": id}


def test_a_pipeline_has_at_least_one_stage() -> None:
    with pytest.raises(PipelineNeedsStage):
        created(uuid4(), draft())


def test_names_of_stages_are_unique_whatever_their_case() -> None:
    with pytest.raises(StageNamedTwice):
        created(uuid4(), draft("Сделка", "СДЕЛКА"))


def test_a_stage_stands_once_in_its_pipeline() -> None:
    id = uuid4()
    with pytest.raises(StageGivenTwice):
        created(uuid4(), draft(stage("New", id), stage("Offer", id)))


def test_a_stage_with_open_deals_stays() -> None:
    before = created(uuid4(), draft("New", "Offer"))
    with pytest.raises(StageInUse):
        changed(before, draft("New"), {ids(before)["Offer"]})
    assert ids(changed(before, draft("New"), {ids(before)["New"]})) == {"New": ids(before)["New"]}


def test_the_default_pipeline_stays_the_default_until_another_one_is() -> None:
    default = created(uuid4(), draft("New", is_default=True))
    with pytest.raises(DefaultPipelineNeeded):
        changed(default, draft("New", is_default=False), NOBODY)
    assert not succeeded(default).is_default


def test_the_default_pipeline_is_active() -> None:
    with pytest.raises(DefaultPipelineNeeded):
        created(uuid4(), draft("New", is_default=True, is_active=False))


def test_the_built_in_pipeline_has_the_same_ids_in_every_language() -> None:
    tenant = uuid4()
    english, russian = built_in_pipeline(tenant), built_in_pipeline(tenant, "ru")
    assert english.id == russian.id
    assert [s.id for s in english.stages] == [s.id for s in russian.stages]
    assert [(s.name, s.probability) for s in english.stages] == [
        ("Qualified", 10),
        ("Needs analysed", 25),
        ("Proposal", 50),
        ("Negotiation", 75),
    ]
    assert (russian.name, russian.stages[0].name) == ("Продажи", "Квалификация")


def test_deals_go_to_the_built_in_pipeline_while_there_is_no_default() -> None:
    built_in = built_in_pipeline(uuid4())
    other = created(uuid4(), draft("New"))
    own = created(uuid4(), draft("New", is_default=True))
    assert Pipelines([other], built_in).find(None) == built_in
    assert Pipelines([other, own], built_in).find(None) == own
    assert Pipelines([other], built_in).find(other.id) == other


def test_deals_go_to_no_pipeline_that_does_not_exist() -> None:
    with pytest.raises(UnknownPipeline):
        Pipelines([], built_in_pipeline(uuid4())).find(uuid4())
