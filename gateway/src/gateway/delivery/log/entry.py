"""What the log has: entries, and what a reader asks for and gets of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.problems import CursorExpired, InvalidRequest

SNAPSHOT = "/v1/snapshot/{aggregate}"
"""Where the newest state of everything is had, whatever the log has forgotten."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An event in its place.

    `owner` and `department` are those of the record after it, `was_owner` and `was_department`
    those before, as far as the log knows; `remains` is False where the record is no more.
    `body` is the event as it came, unless something in it was erased.
    """

    sequence: int
    topic: str
    type: str
    subject: UUID
    version: int
    owner: UUID | None
    department: UUID | None
    was_owner: UUID | None
    was_department: UUID | None
    remains: bool
    origin: str | None
    recordedtime: datetime
    body: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """The newest event of a record, which may be that of its removal."""

    sequence: int
    topic: str
    subject: UUID
    version: int
    owner: UUID | None
    department: UUID | None
    remains: bool
    body: bytes


@dataclass(frozen=True, slots=True)
class Bounds:
    """The sequences that a tenant's log holds whole: from `first` to `last`.

    While nothing was said yet, or all is forgotten, `last` is one less than `first`.
    """

    first: int
    last: int

    def require(self, after: int) -> None:
        """Raise `CursorExpired` or `InvalidRequest` where one cannot go on after `after`."""
        if after > self.last:
            raise InvalidRequest("the log has not come so far", field="cursor")
        if after < self.first - 1:
            raise CursorExpired(
                "begin with a snapshot, and go on from its cursor",
                field="cursor",
                snapshot=SNAPSHOT,
            )


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose events of a tenant are read: of each topic all, those of departments, or one's own.

    A topic that is in none of the three is not read.
    """

    everywhere: Sequence[str] = ()
    in_departments: Sequence[str] = ()
    own: Sequence[str] = ()
    user: UUID | None = None
    departments: frozenset[UUID] = frozenset()

    def includes(self, topic: str) -> bool:
        """Whether there can be anything of a topic in it."""
        return topic in self.everywhere or topic in self.in_departments or topic in self.own

    def covers(self, topic: str, owner: UUID | None, department: UUID | None) -> bool:
        """Whether a record of this owner and department lies within it."""
        if topic in self.everywhere:
            return True
        if topic not in self.in_departments and topic not in self.own:
            return False
        if owner is not None and owner == self.user:
            return True
        return topic in self.in_departments and department in self.departments


@dataclass(frozen=True, slots=True)
class Selection:
    """Which events are asked for: those of `topics` and those of `types`; None means all."""

    topics: Sequence[str]
    types: Sequence[str]


@dataclass(frozen=True, slots=True)
class Portion:
    """What was read: `after` is where to go on, behind all that was looked at."""

    entries: Sequence[Entry]
    after: int
    has_more: bool
