"""What is committed follows from the services, and others can read it."""

import json
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from cli.local.home import checkout
from cli.openapi.client import DOCUMENT, stale
from cli.openapi.operations import operations


@pytest.fixture(scope="module")
def committed() -> dict[str, Any]:
    document: dict[str, Any] = json.loads((checkout() / DOCUMENT).read_text(encoding="utf-8"))
    return document


def test_the_document_and_the_client_are_what_the_services_say() -> None:
    assert [path.name for path, _ in stale(checkout())] == [], "run `./meridian language`"


def test_the_document_is_openapi_3_1(committed: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(committed).validate()


def test_every_route_is_an_operation_of_the_client(committed: dict[str, Any]) -> None:
    operators = "/v1/operations/"
    routes = {
        (method.upper(), path)
        for path, methods in committed["paths"].items()
        for method in methods
        if not path.startswith(operators)
    }
    found = operations(committed)
    assert {(o.method, o.path) for o in found if not o.path.startswith(operators)} == routes
    assert {o.name for o in found if o.resource == "operations"} == {
        *("parked", "show", "redrive", "discard", "reconciliation"),
    }
