"""Values that several aggregates share: money, references, external ids.

All structs are immutable and decode tolerantly: unknown fields are ignored, so
that an older reader understands a newer event of the same major version.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

Name = Annotated[str, Meta(min_length=1, max_length=300)]
Text = Annotated[str, Meta(max_length=10_000)]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", description="ISO 4217 code")]


class Money(Struct, frozen=True):
    """An amount in one currency; JSON carries it as a decimal string."""

    amount: Decimal
    currency: Currency


class ExternalId(Struct, frozen=True):
    """What another system calls this record; `(tenant, system, type, id)` is unique."""

    system: Annotated[str, Meta(min_length=1, max_length=100)]
    type: Annotated[str, Meta(min_length=1, max_length=100)]
    id: Annotated[str, Meta(min_length=1, max_length=200)]


class CustomerRef(Struct, frozen=True):
    """A soft reference to a company or a person; it may arrive before its target."""

    type: Literal["company", "person"]
    id: UUID


class Record(Struct, frozen=True, kw_only=True):
    """What every aggregate's state begins with.

    `version` counts the commands that changed the aggregate, from 1; `owner` is
    the responsible user and `department` the department that the record belongs
    to: access reaches are decided on these two.
    """

    id: UUID
    version: int
    owner: UUID | None = None
    department: UUID | None = None
    external_ids: tuple[ExternalId, ...] = ()
