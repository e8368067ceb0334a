"""Whose a new record is when its draft does not say."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from chassis.identity import Identity


@dataclass(frozen=True, slots=True)
class Holder:
    """A responsible user and a department; None where there is none."""

    owner: UUID | None
    department: UUID | None


def holder_of(identity: Identity) -> Holder:
    """Whoever acts, in their own department; nobody for a service's own doings."""
    return Holder(identity.user, identity.department)
