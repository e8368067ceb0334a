"""Which service answers which path.

Paths are taken as they came, undecoded: what is not made of the plain segments
that the API has leads nowhere, so no encoding reaches a service's own `/metrics`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from chassis.problems import MethodNotAllowed, NotFound

GATEWAY = "gateway"
"""What the gateway answers itself, without another service."""

OWNERS: Mapping[str, str] = {
    **dict.fromkeys(("companies", "people", "customers", "touches"), "contacts"),
    **dict.fromkeys(("pipelines", "products", "reasons", "deals"), "sales"),
    **dict.fromkeys(("channels", "campaigns", "spend", "forms", "leads"), "marketing"),
    "reports": "analytics",
    **dict.fromkeys(
        (
            *("tenants", "tenant", "sessions", "api-keys", "me"),
            *("departments", "users", "roles", "invitations", "access"),
            *("absences", "password-resets", "sign-ins", "identity-providers"),
            "facts",
        ),
        GATEWAY,
    ),
}
"""First segment after `/v1/` -> the service whose it is."""

SERVICES = tuple(sorted(set(OWNERS.values()) - {GATEWAY}))

OPERATIONS = "operations"
"""First segment of what operators do; the second names the service."""

_API = re.compile(r"/v1/([a-z-]+)((?:/[A-Za-z0-9_-]+){0,4})")
# Consumers and topics have dots inside, never alone: no segment leads upwards.
_OPERATION = re.compile(r"/v1/(operations)((?:/[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*){2,6})")
_COMPOSED = "360"
_PUBLIC = re.compile(
    r"POST /v1/(?:sessions(?:/refresh)?|sign-ins(?:/complete)?|tenants|invitations/accept"
    r"|password-resets|forms/[^/]+/submissions)"
    r"|GET /(?:livez|readyz|metrics|\.well-known/jwks\.json)"
)
_METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})


class Route(NamedTuple):
    """Where a request goes; `path` is what metrics call it."""

    owner: str
    is_public: bool
    path: str


def routed(method: str, path: str) -> Route:
    """The route of a request; `NotFound` for paths and `MethodNotAllowed` for methods of nobody.

    `path` is the raw path, HEAD is asked as GET.
    """
    found = _API.fullmatch(path) or _OPERATION.fullmatch(path)
    is_own_page = found is None and is_public("GET", path)
    if method not in _METHODS or (is_own_page and method != "GET"):
        raise MethodNotAllowed("this path has other methods")
    if is_own_page:
        return Route(GATEWAY, True, path)
    owner = owner_of(path) if found is not None else None
    if found is None or owner is None:
        raise NotFound("there is no such path")
    # Of the API strangers may only send something.
    return Route(owner, method == "POST" and is_public(method, path), f"/v1/{found[1]}")


def owner_of(path: str) -> str | None:
    """The service that answers `path`, which may be a template as `/v1/deals/{id}`."""
    segments = path.split("/", 4)
    if segments[-1] == _COMPOSED and segments[1:3] == ["v1", "customers"]:
        return GATEWAY
    if segments[1:3] == ["v1", OPERATIONS]:
        return segments[3] if len(segments) > 3 and segments[3] in (*SERVICES, GATEWAY) else None
    return OWNERS.get(segments[2]) if len(segments) > 2 and segments[1] == "v1" else None


def is_public(method: str, path: str) -> bool:
    """Whether a request needs no access token."""
    return _PUBLIC.fullmatch(f"{method} {path}") is not None
