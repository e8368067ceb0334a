"""The API reads the same everywhere: lists, writes and refusals of all services, as documented."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cli.openapi.document import document as merged

Operation = dict[str, Any]
Route = tuple[str, str]

SAID_OF_CHANGES = {"Meridian-Reason", "Meridian-Correlation", "Meridian-Origin"}

WITHOUT_KEY = {
    # They answer what is shown once and kept nowhere, or what may be asked as often as one likes.
    ("post", "/v1/access/explain"),
    ("post", "/v1/invitations/accept"),
    ("post", "/v1/me/totp"),
    ("post", "/v1/me/totp/confirm"),
    ("post", "/v1/password-resets"),
    ("post", "/v1/sessions"),
    ("post", "/v1/sessions/refresh"),
    ("post", "/v1/sign-ins"),
    ("post", "/v1/sign-ins/complete"),
    ("post", "/v1/users/{id}/invitation"),
    # Its slug is unique: a second tenant of the same name is a conflict.
    ("post", "/v1/tenants"),
    # Whoever mends what waits sees by the answer whether it still does; what is discarded has a
    # version.
    *(
        ("post", f"/v1/operations/{service}/parked/{{consumer}}/{{topic}}/{{key}}/{verb}")
        for service in ("analytics", "contacts", "gateway", "marketing", "sales")
        for verb in ("redrive", "discard")
    ),
}
"""The POSTs that take no Idempotency-Key, each for its reason."""


WITHOUT_PAGES = {
    # Few, and wanted as a whole: what one holds oneself, or what somebody looks through to end it.
    "/v1/api-keys",
    "/v1/identity-providers",
    "/v1/sessions",
    "/v1/users/{id}/sessions",
    # As many as an operator can look through; more of them are a failure of another kind.
    *(
        f"/v1/operations/{service}/parked{one}"
        for service in ("analytics", "contacts", "gateway", "marketing", "sales")
        for one in ("", "/{consumer}/{topic}/{key}")
    ),
}
"""The lists that have an end, each for its reason; reports are tables, and none."""


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The merged OpenAPI document, as the gateway makes it."""
    return merged()


@pytest.fixture(scope="module")
def routes(document: dict[str, Any]) -> dict[Route, Operation]:
    return {
        (method, path): operation
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }


def parameters(operation: Operation, place: str) -> dict[str, Any]:
    return {one["name"]: one for one in operation["parameters"] if one["in"] == place}


def pages(routes: dict[Route, Operation]) -> Iterator[tuple[Route, Operation, Any]]:
    """Every operation that answers a page, and the page's schema."""
    for route, operation in routes.items():
        content = operation["responses"].get("200", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema", {})
        if "next_cursor" in schema.get("properties", {}):
            yield route, operation, schema


def test_every_list_is_paged_alike(routes: dict[Route, Operation]) -> None:
    lists = list(pages(routes))
    assert len(lists) >= 28
    first = parameters(lists[0][1], "query")
    for route, operation, schema in lists:
        asked = parameters(operation, "query")
        assert (asked["limit"], asked["cursor"]) == (first["limit"], first["cursor"]), route
        assert schema["required"] == ["items", "next_cursor"], route
        assert schema["properties"]["next_cursor"] == {"type": ["string", "null"]}, route
        assert list(schema["properties"]["items"]["items"]) == ["$ref"], route


def test_every_list_has_pages_but_for_those_with_a_reason(
    routes: dict[Route, Operation], document: dict[str, Any]
) -> None:
    without = set()
    for (method, path), operation in routes.items():
        content = operation["responses"].get("200", {}).get("content", {})
        name = content.get("application/json", {}).get("schema", {}).get("$ref", "").split("/")[-1]
        whole = document["components"]["schemas"].get(name, {}).get("properties", {})
        if method == "get" and "items" in whole and not path.startswith("/v1/reports/"):
            without.add(path)
    assert without == WITHOUT_PAGES


def test_every_list_of_records_is_narrowed_alike(
    routes: dict[Route, Operation], document: dict[str, Any]
) -> None:
    meanings: dict[str, Any] = {}
    for route, operation, _ in pages(routes):
        path = route[1]
        if f"{path}/{{id}}" not in document["paths"]:
            continue
        asked = parameters(operation, "query")
        assert {"owner", "department", "external_id"} <= asked.keys(), route
        for name, parameter in asked.items():
            # A touch goes over a kind of channel, everything else came over one of the company's.
            if (path, name) == ("/v1/touches", "channel"):
                continue
            assert meanings.setdefault(name, parameter) == parameter, (route, name)


def test_every_post_can_be_repeated_but_for_those_with_a_reason(
    routes: dict[Route, Operation],
) -> None:
    without = {
        route
        for route, operation in routes.items()
        if route[0] == "post" and "Idempotency-Key" not in parameters(operation, "header")
    }
    assert without == WITHOUT_KEY


def test_every_command_says_alike_what_it_may_be_told_and_refuse(
    routes: dict[Route, Operation],
) -> None:
    for (method, path), operation in routes.items():
        headers = parameters(operation, "header").keys()
        refused = {status for status in operation["responses"] if status >= "400"}
        if method == "get":
            assert not headers & {"Idempotency-Key", "If-Match"}, path
            continue
        assert {"400", "409", "413", "422"} <= refused, path
        assert ("412" in refused) == ("If-Match" in headers) == (method == "patch"), path
        if "Idempotency-Key" in headers:
            assert headers >= SAID_OF_CHANGES, path
            assert "410" in refused, path


def test_every_refusal_is_a_problem(
    routes: dict[Route, Operation], document: dict[str, Any]
) -> None:
    kinds = document["components"]["responses"]
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
    assert all(kind["content"] == {"application/problem+json": problem} for kind in kinds.values())
    for route, operation in routes.items():
        by_status = {
            status: response
            for status, response in operation["responses"].items()
            if not status.startswith("2")
        }
        assert {"400", "422", "429", "503", "504"} <= by_status.keys(), route
        assert all(list(response) == ["$ref"] for response in by_status.values()), route
        assert ("404" in by_status) >= ("{" in route[1]), route
        if operation.get("security") != []:
            assert {"401", "403"} <= by_status.keys(), route
