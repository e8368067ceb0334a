"""The OpenAPI document says what routes of included routers read and answer."""

import json
from typing import Any
from uuid import UUID

import msgspec
import pytest
from fastapi import APIRouter
from starlette.responses import Response

from chassis.bulk import Bulk, Verdicts
from chassis.web.application import application
from chassis.web.bodies import json_body
from chassis.web.documents import answers


class Lamp(msgspec.Struct):
    id: UUID
    watts: int


class LampDraft(msgspec.Struct):
    watts: int


@pytest.fixture
def paths() -> dict[str, Any]:
    routes = APIRouter(prefix="/v1")

    @routes.get("/lamps", **answers(Lamp, many=True))
    async def list_() -> Response:
        raise NotImplementedError

    @routes.post("/lamps", **answers(Lamp, 201))
    async def create(body: LampDraft = json_body(LampDraft)) -> Response:  # noqa: B008
        raise NotImplementedError

    @routes.post("/lamps/bulk", **answers(Verdicts, item=LampDraft))
    async def bulk(body: Bulk = json_body(Bulk)) -> Response:  # noqa: B008
        raise NotImplementedError

    async def ready() -> list[str]:
        return []

    app = application("lighting", ready=ready)
    app.include_router(routes)
    document = json.loads(json.dumps(app.openapi()))
    assert {"Lamp", "LampDraft", "Verdicts", "Problem"} <= document["components"]["schemas"].keys()
    assert "ValidationError" not in document["components"]["schemas"]
    found: dict[str, Any] = document["paths"]
    return found


def schema_of(content: dict[str, Any]) -> Any:
    [media] = content["content"].values()
    return media["schema"]


def test_a_creation_reads_a_draft_and_answers_the_state(paths: dict[str, Any]) -> None:
    create = paths["/v1/lamps"]["post"]
    assert schema_of(create["requestBody"]) == {"$ref": "#/components/schemas/LampDraft"}
    assert schema_of(create["responses"]["201"]) == {"$ref": "#/components/schemas/Lamp"}


def test_every_operation_may_answer_a_problem(paths: dict[str, Any]) -> None:
    for operations in paths.values():
        for operation in operations.values():
            assert list(operation["responses"]["default"]["content"]) == [
                "application/problem+json"
            ]
            assert "422" not in operation["responses"]


def test_a_list_answers_a_page(paths: dict[str, Any]) -> None:
    page = schema_of(paths["/v1/lamps"]["get"]["responses"]["200"])
    assert page["properties"]["items"]["items"] == {"$ref": "#/components/schemas/Lamp"}


def test_a_bulk_reads_items_of_the_drafts_type(paths: dict[str, Any]) -> None:
    body = schema_of(paths["/v1/lamps/bulk"]["post"]["requestBody"])
    assert body["properties"]["items"]["items"] == {"$ref": "#/components/schemas/LampDraft"}
