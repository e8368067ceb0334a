"""Problems as RFC 9457 documents, and the errors that become them.

Rules raise `RuleBroken` subclasses with a message for people; everything else
that goes wrong for a known reason is a `Problem`. `type` is stable:
`urn:meridian:problem:<name>`.
"""

from __future__ import annotations

import re
from typing import Any


class Problem(Exception):
    """An answer that is not the one asked for, with its HTTP status.

    `extra` holds members of the document beyond the standard ones.
    """

    status: int = 400
    title: str = "Bad request"

    def __init__(self, detail: str, *, field: str | None = None, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field
        self.extra = extra
        self.headers: dict[str, str] = {}

    @property
    def name(self) -> str:
        """The last part of `type`: the class's name in kebab case."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", type(self).__name__).lower()

    def document(self) -> dict[str, Any]:
        """The problem as RFC 9457 members."""
        body: dict[str, Any] = {
            "type": f"urn:meridian:problem:{self.name}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.field is not None:
            body["field"] = self.field
        return body | self.extra


class RuleBroken(Problem):
    """A rule of the business says no. Each rule's error is a subclass with its own name."""

    status = 422
    title = "The rules do not allow this"


class InvalidRequest(Problem):
    """The request does not have the declared shape; `field` says where."""

    status = 422
    title = "The request is not valid"


class MalformedRequest(Problem):
    status = 400
    title = "The request cannot be read"


class Unauthenticated(Problem):
    status = 401
    title = "Sign in first"


class Forbidden(Problem):
    status = 403
    title = "Not permitted"


class NotFound(Problem):
    """Nothing there, or nothing that this user may know of: the answer is the same."""

    status = 404
    title = "Not found"


class MethodNotAllowed(Problem):
    status = 405
    title = "Not a method of this resource"


class Conflict(Problem):
    status = 409
    title = "In conflict with what is there"


class ExternalIdTaken(Conflict):
    title = "Another record has this external id"


class VersionLost(Conflict):
    """Somebody else's change came first; the command may be tried again."""

    title = "The record has changed meanwhile"


class IdempotencyKeyReused(Conflict):
    title = "This Idempotency-Key belongs to another request"


class Erased(Problem):
    """The answer once given to this request told of somebody who was erased since."""

    status = 410
    title = "What this request was about has been erased"


class EditConflict(Problem):
    """The same field was changed by somebody else since the version in If-Match."""

    status = 412
    title = "Somebody else changed the same field"


class BodyTooLarge(Problem):
    status = 413
    title = "The request body is too large"


class EventTooLarge(Problem):
    status = 413
    title = "The record would be too large to publish"


class TooManyRequests(Problem):
    status = 429
    title = "Too many requests"


class DeadlinePassed(Problem):
    """There was not enough time; asking again is right, a command with its Idempotency-Key."""

    status = 504
    title = "The answer took too long"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.headers["Retry-After"] = "1"


class Unavailable(Problem):
    """Something this answer needs is away for the moment; trying again is right."""

    status = 503
    title = "Not available at the moment"

    def __init__(self, detail: str, *, retry_after: int = 1, **extra: Any) -> None:
        super().__init__(detail, **extra)
        self.headers["Retry-After"] = str(retry_after)


class ProjectionBehind(Unavailable):
    title = "The answer is not as fresh as asked for"
