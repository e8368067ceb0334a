"""What a call raises when it does not succeed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec


class Problem(Exception):
    """The API's refusal, as RFC 9457 describes it.

    `field` is the JSON path of what was wrong, where the API names one;
    `members` holds the whole document.
    """

    def __init__(self, status: int, members: Mapping[str, Any]) -> None:
        self.status = status
        self.members = dict(members)
        self.type = str(members.get("type", "about:blank"))
        self.title = str(members.get("title", f"HTTP {status}"))
        self.detail = _text(members.get("detail"))
        self.field = _text(members.get("field"))
        super().__init__(explain(members) or self.title)

    @classmethod
    def of(cls, status: int, content: bytes) -> Problem:
        """What the body says; a body that is no problem document (a proxy's page) says nothing."""
        try:
            members = msgspec.json.decode(content, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError):
            members = {}
        return cls(status, members)

    @property
    def slug(self) -> str:
        """The stable short name: `tenant-exists` of `urn:meridian:problem:tenant-exists`."""
        return self.type.rsplit(":", 1)[-1].rsplit("/", 1)[-1]


class OutOfPatience(Exception):
    """The platform stayed out of reach for as long as the client was told to try."""

    def __init__(self, method: str, path: str, seconds: float, last: str) -> None:
        self.method, self.path, self.seconds, self.last = method, path, seconds, last
        super().__init__(f"{method} {path}: no answer in {seconds:.0f} s; the last was: {last}")


def explain(problem: Mapping[str, Any]) -> str:
    """A problem document in one line: what was wrong, with which field."""
    text = _text(problem.get("detail")) or _text(problem.get("title")) or ""
    field = _text(problem.get("field"))
    return f"{text} ({field})" if field else text


def _text(value: object) -> str | None:
    return None if value is None else str(value)
