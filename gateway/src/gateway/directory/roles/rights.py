"""What a role lets one do, and what somebody may do by all of theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chassis.identity import FieldRules, Identity
from events.values import Reach


@dataclass(frozen=True, slots=True)
class Rights:
    """`resource:action` with a reach, and the rules for fields that restrict it."""

    permissions: Mapping[str, Reach]
    fields: FieldRules = field(default_factory=dict)


def held_by(identity: Identity) -> Rights:
    """What whoever asks may do."""
    return Rights(identity.permissions, identity.fields)


Defined = Mapping[str, Rights]
"""What the tenant's own roles let one do, by their codes."""
