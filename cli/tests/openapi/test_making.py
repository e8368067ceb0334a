"""A client is made of a document: its types, names and parameters."""

from typing import Any

import pytest

from cli.openapi.models import models, unified
from cli.openapi.operations import operations
from cli.openapi.resources import ASYNCHRONOUS, SYNCHRONOUS, resources
from cli.openapi.types import NotUnderstood, annotation

TEXT_OR_NULL = {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}


def answering(schema: dict[str, Any], status: str = "200") -> dict[str, Any]:
    return {status: {"content": {"application/json": {"schema": schema}}}, "default": {}}


def lamp(name: str = "") -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/Lamp{name}"}


@pytest.fixture
def document() -> dict[str, Any]:
    key = {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}}
    id = {"name": "id", "in": "path", "schema": {"type": "string", "format": "uuid"}}
    query = [
        {"name": name, "in": "query", "schema": {"type": "string"}}
        for name in ("from", "limit", "cursor")
    ]
    page = {"type": "object", "properties": {"items": {"type": "array", "items": lamp()}}}
    body = {"content": {"application/json": {"schema": lamp("Draft")}}}
    draft = {
        "description": "What clients set.",
        "properties": {"watts": {"type": "integer", "maximum": 100}, "note": TEXT_OR_NULL},
        "required": ["watts"],
    }
    patch = {"properties": draft["properties"]}
    read = {
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            **draft["properties"],  # type: ignore[dict-item]
            "tags": {"type": "array", "items": {"type": "string"}, "default": []},
        },
        "required": ["id", "watts"],
    }
    return {
        "paths": {
            "/v1/lamps": {
                "get": {
                    "operationId": "list__v1_lamps_get",
                    "summary": "List lamps",
                    "parameters": query,
                    "responses": answering(page),
                },
                "post": {
                    "operationId": "create_v1_lamps_post",
                    "summary": "Hang a lamp",
                    "parameters": [key],
                    "requestBody": body,
                    "responses": answering(lamp(), "201"),
                },
            },
            "/v1/lamps/{id}": {
                "patch": {
                    "operationId": "change__v1_lamps__id__patch",
                    "summary": "Change a lamp",
                    "parameters": [id],
                    "requestBody": {
                        "content": {"application/merge-patch+json": {"schema": lamp("Patch")}}
                    },
                    "responses": answering(lamp()),
                },
            },
        },
        "components": {"schemas": {"Lamp": read, "LampDraft": draft, "LampPatch": patch}},
    }


def test_what_is_read_has_defaults(document: dict[str, Any]) -> None:
    made = models(document)
    assert "class Lamp(Struct, kw_only=True, omit_defaults=True):\n    id: UUID" in made
    assert "    note: str | None = None\n" in made
    assert "    tags: list[str] = field(default_factory=list)\n" in made


def test_what_is_sent_may_be_left_out_where_the_api_has_a_default(
    document: dict[str, Any],
) -> None:
    _, _, after = models(document).partition("class LampDraft(")
    draft, _, patch = after.partition("class LampPatch(")
    assert "    watts: int\n    note: str | UnsetType | None = UNSET\n" in draft
    assert "    watts: int | UnsetType = UNSET\n" in patch


def test_what_a_rule_may_keep_has_its_type_and_may_be_missing(document: dict[str, Any]) -> None:
    read = document["components"]["schemas"]["Lamp"]
    read["x-required-where-seen"], read["required"] = read["required"], ["id"]
    made = models(document)
    assert "class Lamp(Struct, kw_only=True, omit_defaults=True):\n    id: UUID\n" in made
    assert "    watts: int = KEPT\n    note: str | None = None\n" in made


def test_a_type_that_two_services_bound_otherwise_is_one(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    properties = schemas["Lamp"]["properties"]
    bounded = {**properties, "watts": {"type": "integer", "minimum": 1}}
    schemas["OtherLamp"] = {**schemas["Lamp"], "title": "Lamp", "properties": bounded}
    schemas["ThirdLamp"] = {"title": "Lamp", "properties": {"id": properties["id"]}}
    created = document["paths"]["/v1/lamps"]["post"]
    changed = document["paths"]["/v1/lamps/{id}"]["patch"]
    created["responses"], changed["responses"] = (
        answering({"$ref": "#/components/schemas/OtherLamp"}),
        answering({"$ref": "#/components/schemas/ThirdLamp"}),
    )
    made = models(unified(document))
    assert "class OtherLamp(" not in made
    assert "class ThirdLamp(" in made


def test_a_filter_of_several_values_takes_one_as_well(document: dict[str, Any]) -> None:
    several = {"type": "array", "items": {"type": "string", "format": "uuid"}}
    listing = document["paths"]["/v1/lamps"]["get"]
    listing["parameters"].append({"name": "room", "in": "query", "schema": several})
    assert "room: Filter | None = None" in resources(operations(document), SYNCHRONOUS)


def test_a_list_has_its_filters_and_no_cursor(document: dict[str, Any]) -> None:
    made = resources(operations(document), SYNCHRONOUS)
    listing = (
        "def list(self, *, from_: Filter | None = None, page_size: int = LARGEST_PAGE)"
        " -> Iterator[models.Lamp]:"
    )
    assert listing in made
    assert "each(\"/v1/lamps\", models.Lamp, {'from': from_}, page_size)" in made


def test_both_clients_have_the_same_operations(document: dict[str, Any]) -> None:
    found = operations(document)
    awaited = resources(found, ASYNCHRONOUS)
    assert "async def create(self, body: models.LampDraft | Mapping[str, Any]" in awaited
    assert awaited.count("    def ") + awaited.count("async def ") == resources(
        found, SYNCHRONOUS
    ).count("    def ")


def test_two_routes_of_one_name_are_refused(document: dict[str, Any]) -> None:
    other = dict(document["paths"]["/v1/lamps"]["get"], operationId="list_v1_lamps_old_get")
    document["paths"]["/v1/lamps/old"] = {"get": other}
    with pytest.raises(NotUnderstood, match=r"/v1/lamps/old needs a name: lamps\.list"):
        operations(document)


@pytest.mark.parametrize(
    ("schema", "type_"),
    [
        ({"type": "string", "format": "date-time", "pattern": "Z$"}, "dt.datetime"),
        ({"type": "string", "format": "decimal"}, "Decimal"),
        ({"type": ["integer", "null"]}, "int | None"),
        ({"enum": ["won", "lost"]}, "Literal['won', 'lost']"),
        ({"type": "array", "items": {"type": "number"}}, "list[float]"),
        ({"type": "object", "additionalProperties": {"type": "boolean"}}, "dict[str, bool]"),
        ({}, "Any"),
    ],
)
def test_a_schema_is_a_type(schema: dict[str, Any], type_: str) -> None:
    assert annotation(schema) == type_


def test_what_no_type_is_known_for_is_refused() -> None:
    with pytest.raises(NotUnderstood):
        annotation({"allOf": []})
