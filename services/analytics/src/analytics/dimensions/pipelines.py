"""Pipelines with their stages in order; the view `stage_dimension` has a row per stage."""

from __future__ import annotations

from typing import Any

from analytics.projection import Projection, Shape, array
from events.catalogue import PIPELINE
from events.sales import Pipeline

SHAPE = Shape(
    "pipeline_dimension",
    {
        "name": "text",
        "stages": "uuid[]",
        "stage_names": "text[]",
        "probabilities": "smallint[]",
    },
)


def row(pipeline: Pipeline) -> tuple[Any, ...]:
    return (
        pipeline.name,
        array([stage.id for stage in pipeline.stages]),
        array([stage.name for stage in pipeline.stages]),
        array([stage.probability for stage in pipeline.stages]),
    )


PIPELINES = Projection(PIPELINE, SHAPE, row)
