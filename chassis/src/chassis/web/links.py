"""Where an answer leads: OpenAPI links from what makes or lists records to one of them."""

from __future__ import annotations

from typing import Any

from chassis.web.schemas import Schemas, referred


def link(paths: dict[str, Any], schemas: Schemas) -> None:
    """Add links to `paths`: `POST /things` and `GET /things` lead to all below `/things/{id}`."""
    for path, operations in paths.items():
        below = _below(paths, path)
        for operation in operations.values() if below else ():
            for status, response in operation["responses"].items():
                place = _place(response, schemas) if status.startswith("2") else None
                if place is not None:
                    response["links"] = {
                        name: {"operationId": name, "parameters": {"id": f"$response.body#{place}"}}
                        for name in below
                    }


def _below(paths: dict[str, Any], path: str) -> list[str]:
    """The ids of the operations on one of `path`."""
    one = path + "/{id}"
    return [
        operation["operationId"]
        for other, operations in paths.items()
        if other == one or other.startswith(one + "/")
        for operation in operations.values()
    ]


def _place(response: dict[str, Any], schemas: Schemas) -> str | None:
    """Where in an answer an id stands: its own, that of the record in it, or of its first item."""
    (media,) = response["content"].values()
    schema = media["schema"]
    if "items" in schema.get("properties", {}):
        return "/items/0/id"
    fields = _fields(schema, schemas)
    if "id" in fields:
        return "/id"
    return next(
        (f"/{name}/id" for name, part in fields.items() if "id" in _fields(part, schemas)), None
    )


def _fields(schema: dict[str, Any], schemas: Schemas) -> dict[str, Any]:
    name = referred(schema)
    found: dict[str, Any] = schemas[name].get("properties", {}) if name is not None else {}
    return found
