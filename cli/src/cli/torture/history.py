"""What was asked of the platform, and what came of it: one operation is one logical request."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import msgspec

Outcome = Literal["ok", "fail", "unknown"]
"""Done, refused without effect, or nobody could say: it happened once or not at all."""


class Attempt(msgspec.Struct, kw_only=True):
    """One request on the wire; `said` is the answer's status, or what broke."""

    began: float
    ended: float
    said: str
    outcome: Outcome
    replayed: bool = False
    answer: Any = None
    written: tuple[str, ...] = ()
    version: int | None = None


class Operation(msgspec.Struct, kw_only=True):
    """One logical request with all its attempts; times are seconds since the run began.

    `marker` is its correlation, which every event that it causes carries. `creates` tells that it
    makes new records, `edits` are the fields that a change with `seen_version` sets.
    """

    client: int
    kind: str
    tenant: UUID | None
    marker: str
    method: str
    path: str
    body: Any = None
    key: str | None = None
    seen_version: int | None = None
    subject: UUID | None = None
    creates: bool = False
    edits: tuple[str, ...] = ()
    attempts: list[Attempt] = []
    number: int = 0

    @property
    def outcome(self) -> Outcome:
        """What is known of it: an answer settles it, but a refusal only the attempt it refuses."""
        outcomes = {attempt.outcome for attempt in self.attempts}
        if "ok" in outcomes:
            return "ok"
        return "unknown" if "unknown" in outcomes else "fail"

    @property
    def is_command(self) -> bool:
        return self.method != "GET"

    @property
    def answered(self) -> Attempt | None:
        """The first attempt that was answered well."""
        return next((a for a in self.attempts if a.outcome == "ok"), None)

    @property
    def began(self) -> float:
        return self.attempts[0].began

    @property
    def ended(self) -> float:
        return self.attempts[-1].ended


class History:
    """Writes operations to a file as they end, a JSON document a line."""

    def __init__(self, path: Path) -> None:
        """Begin a new history in `path`."""
        self._file = path.open("wb")
        self._began = time.monotonic()
        self.operations: list[Operation] = []

    def now(self) -> float:
        """Seconds since the history began."""
        return round(time.monotonic() - self._began, 4)

    def add(self, operation: Operation) -> None:
        operation.number = len(self.operations)
        self.operations.append(operation)
        self._file.write(msgspec.json.encode(operation) + b"\n")

    def close(self) -> None:
        self._file.close()


def read_history(path: Path) -> Iterator[Operation]:
    """The operations of a history that was written."""
    decoder = msgspec.json.Decoder(Operation)
    with path.open("rb") as file:
        for line in file:
            yield decoder.decode(line)
