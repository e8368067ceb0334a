"""What the clients know: tenants, and which records these have, as far as answers told."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

SYSTEM = "torture"
PASSWORD = "Torture-needs-1-password"  # noqa: S105 - of tenants that live for minutes


@dataclass(slots=True)
class Known:
    """A record: its version in the newest answer about it."""

    id: UUID
    version: int


@dataclass(slots=True)
class Tenant:
    """One company, its administrator's token, and its records by kind."""

    id: UUID
    slug: str
    token: str
    root: UUID
    records: dict[str, dict[UUID, Known]] = field(default_factory=dict)
    stages: list[UUID] = field(default_factory=list)
    reasons: list[UUID] = field(default_factory=list)
    """For losing deals."""

    def note(self, kind: str, id: UUID, version: int) -> None:
        """Take in what an answer said of a record."""
        known = self.records.setdefault(kind, {}).setdefault(id, Known(id, version))
        known.version = max(known.version, version)

    def forget(self, kind: str, id: UUID) -> None:
        self.records.get(kind, {}).pop(id, None)

    def any(self, kind: str, dice: Random) -> Known | None:
        """Some record of a kind, one of the newest more often than not; None where is none."""
        known = list(self.records.get(kind, {}).values())
        if not known:
            return None
        return dice.choice(known[-10:] if dice.random() < 0.6 else known)


@dataclass(slots=True)
class World:
    """All tenants; what a founded one is called, so that every name is new."""

    tenants: list[Tenant] = field(default_factory=list)
    founded: int = 0


def marker(dice: Random) -> str:
    """What tells one command from every other."""
    return str(UUID(int=dice.getrandbits(128), version=4))


def external_id(kind: str, mark: str) -> list[dict[str, Any]]:
    return [{"system": SYSTEM, "type": kind, "id": mark}]
