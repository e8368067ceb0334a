"""The public API as one OpenAPI document: what the services of this checkout say of themselves."""

from __future__ import annotations

import importlib
import json
from typing import Any

from chassis.service import Service, described
from gateway.edge.description import united
from gateway.edge.routing import GATEWAY, SERVICES

Document = dict[str, Any]


def document() -> Document:
    """What a gateway answers at `/openapi.json` when all services are of this checkout."""
    made = united({name: described(_service(name)) for name in (*SERVICES, GATEWAY)})
    as_sent: Document = json.loads(json.dumps(made))
    return as_sent


def written(made: Document) -> str:
    """The document as it is committed."""
    return json.dumps(made, ensure_ascii=False, indent=2) + "\n"


def _service(name: str) -> Service:
    service: Service = importlib.import_module(f"{name}.app").SERVICE
    return service
