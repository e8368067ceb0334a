"""Pipelines over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from chassis.web.resources import read_routes, write_routes
from events.sales import Pipeline
from sales.pipelines.pipeline import PipelineDraft
from sales.pipelines.store import pipelines
from sales.pipelines.use_cases import change_pipeline, create_pipeline, upsert_pipelines

routes = APIRouter(prefix="/v1", tags=["pipelines"])

read_routes(routes, "/pipelines", pipelines, Pipeline)
write_routes(
    routes,
    "/pipelines",
    Pipeline,
    PipelineDraft,
    create=create_pipeline,
    change=change_pipeline,
    bulk=upsert_pipelines,
)
