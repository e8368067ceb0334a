"""Cursors: a place in a tenant's log, which says nothing to anybody else."""

from __future__ import annotations

import hashlib
from uuid import UUID

from chassis.paging import cursor_of, position_of
from chassis.problems import InvalidRequest

_MARK_BYTES = 4
_SEQUENCE_BYTES = 8


def cursor_after(tenant: UUID, sequence: int) -> str:
    """The cursor that goes on after a sequence of a tenant's log."""
    return cursor_of(_mark(tenant) + sequence.to_bytes(_SEQUENCE_BYTES, "big"))


def sequence_of(tenant: UUID, cursor: str, field: str = "cursor") -> int:
    """The sequence after which a cursor goes on; `InvalidRequest` for none of this tenant's."""
    try:
        position = position_of(cursor)
    except ValueError:
        position = b""
    sequence = int.from_bytes(position[_MARK_BYTES:], "big")
    if len(position) != _MARK_BYTES + _SEQUENCE_BYTES or not (
        position[:_MARK_BYTES] == _mark(tenant) and sequence < 2**63
    ):
        raise InvalidRequest("not a cursor of this feed", field=field)
    return sequence


def _mark(tenant: UUID) -> bytes:
    """Something of the tenant, so that the cursor of another one is known for what it is."""
    return hashlib.blake2b(tenant.bytes, digest_size=_MARK_BYTES).digest()
