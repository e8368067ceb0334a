"""Every aggregate of the published language has a history, and can be read as of a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chassis.web.application import application
from events.catalogue import AGGREGATES
from events.topics import Aggregate
from tests.compatibility.services import SERVICES

Operation = dict[str, Any]


async def ready() -> list[str]:
    return []


def reading_routes() -> Iterator[tuple[str, str, Operation, dict[str, Operation]]]:
    """(owner, path, operation, the paths beside it) of every GET that answers something."""
    for service in SERVICES:
        app = application(service.name, ready=ready)
        for routes in service.routes:
            app.include_router(routes)
        paths = app.openapi()["paths"]
        for path, operations in paths.items():
            if "get" in operations:
                yield service.owner, path, operations["get"], paths


def answer_of(operation: Operation) -> Any:
    [answer] = [found for status, found in operation["responses"].items() if status < "300"]
    [media] = answer["content"].values()
    return media["schema"]


@pytest.mark.parametrize("aggregate", AGGREGATES, ids=lambda aggregate: aggregate.topic.name)
def test_every_aggregate_has_a_history_and_can_be_read_as_of_a_time(aggregate: Aggregate) -> None:
    reference = f"#/components/schemas/{aggregate.state.__name__}"
    [(path, operation, beside)] = [
        (path, operation, beside)
        for owner, path, operation, beside in reading_routes()
        if owner == aggregate.topic.owner and answer_of(operation).get("$ref") == reference
    ]
    assert "as_of" in [parameter["name"] for parameter in operation["parameters"]]
    versions = answer_of(beside[f"{path}/history"]["get"])["properties"]["items"]["items"]
    assert versions["$ref"] == "#/components/schemas/Version"
