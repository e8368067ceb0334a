"""One OpenAPI document out of several: nothing clashes, nothing leaks."""

from typing import Any

from gateway.edge.description import united


def document(
    path: str, schemas: dict[str, Any] | None = None, *, method: str = "get", body: str = "Page"
) -> dict[str, Any]:
    answer = {"$ref": f"#/components/schemas/{body}"}
    return {
        "paths": {path: {method: {"responses": {"200": {"schema": answer}}}}},
        "components": {"schemas": schemas or {}},
    }


def answered(document: dict[str, Any], path: str) -> str:
    reference: str = document["paths"][path]["get"]["responses"]["200"]["schema"]["$ref"]
    return reference.rpartition("/")[2]


def test_every_service_is_in_it() -> None:
    made = united({"contacts": document("/v1/companies"), "sales": document("/v1/deals")})
    assert list(made["paths"]) == ["/v1/companies", "/v1/deals"]


def test_a_service_describes_only_what_is_routed_to_it() -> None:
    made = united({"contacts": document("/v1/deals"), "sales": document("/internal")})
    assert made["paths"] == {}


def test_equal_schemas_are_shared() -> None:
    page = {"type": "object"}
    made = united(
        {
            "contacts": document("/v1/companies", {"Page": page}),
            "sales": document("/v1/deals", {"Page": page}),
        }
    )
    assert made["components"]["schemas"] == {"Page": page}


def test_different_schemas_of_one_name_are_told_apart() -> None:
    made = united(
        {
            "contacts": document("/v1/companies", {"Page": {"type": "object"}}),
            "sales": document("/v1/deals", {"Page": {"type": "array"}}),
        }
    )
    assert answered(made, "/v1/companies") == "Page"
    assert answered(made, "/v1/deals") == "SalesPage"
    assert made["components"]["schemas"]["SalesPage"] == {"type": "array"}


def test_what_refers_to_a_schema_of_another_meaning_is_told_apart_too() -> None:
    holder = {"properties": {"inner": {"$ref": "#/components/schemas/Inner"}}}
    made = united(
        {
            "contacts": document("/v1/companies", {"Page": holder, "Inner": {"type": "string"}}),
            "sales": document("/v1/deals", {"Page": holder, "Inner": {"type": "integer"}}),
        }
    )
    schemas = made["components"]["schemas"]
    assert answered(made, "/v1/deals") == "SalesPage"
    assert schemas["SalesPage"]["properties"]["inner"]["$ref"].endswith("/SalesInner")
    assert schemas["Page"] == holder


def test_operations_need_a_token_unless_they_are_public() -> None:
    made = united(
        {
            "marketing": document("/v1/forms/{id}/submissions", method="post"),
            "sales": document("/v1/deals"),
        }
    )
    assert made["security"] == [{"bearer": []}]
    assert made["paths"]["/v1/forms/{id}/submissions"]["post"]["security"] == []
    assert "security" not in made["paths"]["/v1/deals"]["get"]
