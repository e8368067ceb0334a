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
                place = _place(path, response, schemas) if status.startswith("2") else None
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


def _place(path: str, response: dict[str, Any], schemas: Schemas) -> str | None:
    """Where an answer has the id of one of `path`: its own, its first item's, or in a field.

    The field is called as one of them is: `session` of `/v1/sessions`, the record or its id.
    """
    (media,) = response["content"].values()
    fields = _fields(media["schema"], schemas)
    if "items" in fields:
        items = fields["items"].get("items", {})
        return "/items/0/id" if "id" in _fields(items, schemas) else None
    if "id" in fields:
        return "/id"
    one = path.rpartition("/")[2].removesuffix("s").replace("-", "_")
    if one not in fields:
        return None
    return f"/{one}/id" if "id" in _fields(fields[one], schemas) else f"/{one}"


def _fields(schema: dict[str, Any], schemas: Schemas) -> dict[str, Any]:
    name = referred(schema)
    found: dict[str, Any] = (schema if name is None else schemas[name]).get("properties", {})
    return found
