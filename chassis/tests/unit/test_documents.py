"""The OpenAPI document says what routes of included routers read and answer."""

import json
from typing import Any
from uuid import UUID

import msgspec
import pytest
from fastapi import APIRouter, FastAPI
from starlette.responses import Response

from chassis.bulk import Bulk, Verdicts
from chassis.web.application import application
from chassis.web.bodies import json_body, patch_body
from chassis.web.documents import answers


class Lamp(msgspec.Struct):
    id: UUID
    watts: int


class Place(msgspec.Struct):
    room: str


class LampDraft(msgspec.Struct):
    watts: int
    place: Place | None = None


@pytest.fixture
def app() -> FastAPI:
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

    @routes.get("/lamps/{id:uuid}", **answers(Lamp))
    async def read(id: UUID) -> Response:
        raise NotImplementedError

    @routes.patch("/lamps/{id:uuid}", **answers(Lamp))
    async def change(id: UUID, patch: Any = patch_body(LampDraft)) -> Response:  # noqa: B008
        raise NotImplementedError

    async def ready() -> list[str]:
        return []

    app = application("lighting", ready=ready)
    app.include_router(routes)
    return app


@pytest.fixture
def paths(app: FastAPI) -> dict[str, Any]:
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


def test_every_operation_says_which_problems_it_answers(paths: dict[str, Any]) -> None:
    refused = {
        f"{method} {path}": [s for s in operation["responses"] if not s.startswith("2")]
        for path, operations in paths.items()
        for method, operation in operations.items()
    }
    assert refused == {
        "get /v1/lamps": ["400", "422", "503", "504"],
        "post /v1/lamps": ["400", "409", "413", "422", "503", "504"],
        "post /v1/lamps/bulk": ["400", "409", "413", "422", "503", "504"],
        "get /v1/lamps/{id}": ["400", "404", "422", "503", "504"],
        "patch /v1/lamps/{id}": ["400", "404", "409", "412", "413", "422", "503", "504"],
    }


def test_a_patch_has_any_field_and_null_where_there_is_a_default(app: FastAPI) -> None:
    document = app.openapi()
    body = document["paths"]["/v1/lamps/{id}"]["patch"]["requestBody"]
    assert list(body["content"]) == ["application/merge-patch+json"]
    assert schema_of(body) == {"$ref": "#/components/schemas/LampPatch"}
    patch = document["components"]["schemas"]["LampPatch"]
    assert "required" not in patch
    assert patch["additionalProperties"] is False
    assert patch["properties"]["watts"] == {"type": "integer"}
    assert {"type": "null"} in patch["properties"]["place"]["anyOf"]
    assert {"$ref": "#/components/schemas/PlacePatch"} in patch["properties"]["place"]["anyOf"]


def test_what_is_written_is_known_at_every_depth_and_has_no_nul(app: FastAPI) -> None:
    schemas = app.openapi()["components"]["schemas"]
    assert schemas["LampDraft"]["additionalProperties"] is False
    assert schemas["Place"]["additionalProperties"] is False
    assert "additionalProperties" not in schemas["Lamp"]
    assert schemas["Place"]["properties"]["room"]["pattern"] == r"^[^\u0000]*$"


def test_what_makes_or_lists_records_leads_to_each_of_them(paths: dict[str, Any]) -> None:
    below = {operation["operationId"] for operation in paths["/v1/lamps/{id}"].values()}
    for method, status, place in (("post", "201", "/id"), ("get", "200", "/items/0/id")):
        links = paths["/v1/lamps"][method]["responses"][status]["links"]
        assert {link["operationId"] for link in links.values()} == below
        assert all(
            link["parameters"] == {"id": f"$response.body#{place}"} for link in links.values()
        )


class Fitted(msgspec.Struct):
    by: Lamp
    sky_light: Lamp


class Opened(msgspec.Struct):
    by: Lamp
    sky_light: UUID


class SkyLights(msgspec.Struct):
    items: list[Lamp]


class Sealed(msgspec.Struct):
    by: Lamp


@pytest.mark.parametrize(
    ("answer", "place"),
    [
        (Fitted, "/sky_light/id"), (Opened, "/sky_light"), (SkyLights, "/items/0/id"),
        (Sealed, None),
    ],
)  # fmt: skip
def test_an_answer_leads_by_the_id_of_what_was_asked_about(
    answer: type[msgspec.Struct], place: str | None
) -> None:
    routes = APIRouter(prefix="/v1")

    @routes.post("/sky-lights", **answers(answer, 201))
    async def create() -> Response:
        raise NotImplementedError

    @routes.get("/sky-lights/{id:uuid}", **answers(Lamp))
    async def read(id: UUID) -> Response:
        raise NotImplementedError

    async def ready() -> list[str]:
        return []

    app = application("lighting", ready=ready)
    app.include_router(routes)
    created = app.openapi()["paths"]["/v1/sky-lights"]["post"]["responses"]["201"]
    led = [link["parameters"]["id"] for link in created.get("links", {}).values()]
    assert led == ([] if place is None else [f"$response.body#{place}"])


def test_a_list_answers_a_page(paths: dict[str, Any]) -> None:
    page = schema_of(paths["/v1/lamps"]["get"]["responses"]["200"])
    assert page["properties"]["items"]["items"] == {"$ref": "#/components/schemas/Lamp"}


def test_a_bulk_reads_items_of_the_drafts_type(paths: dict[str, Any]) -> None:
    body = schema_of(paths["/v1/lamps/bulk"]["post"]["requestBody"])
    draft, _ = body["properties"]["items"]["items"]["anyOf"]
    assert draft == {"$ref": "#/components/schemas/LampDraft"}
