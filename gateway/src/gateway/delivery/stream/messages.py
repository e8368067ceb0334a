"""Messages of the stream, in the format of server-sent events.

What a message carries is one line of JSON, in which no line break stands for itself: whatever
an event is called or says, it cannot pass for another field of the stream.
"""

from __future__ import annotations

import random
from typing import Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from gateway.delivery.log.entry import SNAPSHOT

Removal = Literal["deleted", "withdrawn", "filtered"]
Loss = Literal["expired", "behind", "access"]
End = Literal["token_expired", "access_ended", "shutdown"]

_AGAIN_MS = (1_000, 4_000)
_AGAIN_AFTER_SHUTDOWN_MS = (1_000, 10_000)


class Changed(Struct, kw_only=True):
    """`event: changed`: a record has a new version; `changed` names its fields that differ."""

    resource: str
    id: UUID
    type: str
    version: int
    changed: tuple[str, ...]


class Removed(Struct, kw_only=True):
    """`event: removed`: a record is not to be shown any longer.

    It was deleted, is withdrawn (out of one's reach from now on), or has left the filter.
    """

    resource: str
    id: UUID
    type: str
    version: int
    reason: Removal


class Reset(Struct, kw_only=True):
    """`event: reset`: some was left out, and what is shown has to be read anew.

    What came after the given id is `expired`, one was too far `behind`, or one's `access`
    has changed. The stream goes on from the moment of the message.
    """

    reason: Loss
    snapshot: str = SNAPSHOT


class Ended(Struct, kw_only=True):
    """`event: end`: the last message; only after `shutdown` it helps to come again alike."""

    reason: End


class StreamMessage(Struct, kw_only=True):
    """`data` of a message, one line of JSON; which members it has, `event` says.

    - `changed`: a record has a new `version`, by an event of this `type`; `changed` are the names
      of its fields that differ, as far as one may see them. Read the record for the rest.
    - `removed`: a record is not to be shown any longer, for the `reason` that it was `deleted`, is
      `withdrawn` (out of one's reach from now on) or `filtered` (has left the filter).
    - `reset`: some was left out, and what is shown has to be read anew, as from `snapshot`: what
      came after the given id is `expired`, one was too far `behind`, or one's `access` is another
      one. The stream goes on from then.
    - `end`: the last message, for the reason `token_expired`, `access_ended` or `shutdown`.
    """

    resource: str | None = None
    id: UUID | None = None
    type: str | None = None
    version: int | None = None
    changed: tuple[str, ...] | None = None
    reason: Removal | Loss | End | None = None
    snapshot: str | None = None


def changed(id: str, told: Changed) -> bytes:
    return _message(id, "changed", told)


def removed(id: str, told: Removed) -> bytes:
    return _message(id, "removed", told)


def reset(id: str, reason: Loss) -> bytes:
    return _message(id, "reset", Reset(reason=reason))


def beginning(id: str) -> bytes:
    """What is said first: where one is, and after how long to come again."""
    return b"retry: %d\nid: %s\n\n" % (_soon(_AGAIN_MS), id.encode())


def heartbeat(id: str) -> bytes:
    """A comment, and the id to come again with: what was passed over need not be read twice."""
    return b": heartbeat\nid: %s\n\n" % id.encode()


def ended(reason: End) -> bytes:
    """The last message; those who are sent away together do not come again at once."""
    told = msgspec.json.encode(Ended(reason=reason))
    return b"retry: %d\nevent: end\ndata: %s\n\n" % (_soon(_AGAIN_AFTER_SHUTDOWN_MS), told)


def _message(id: str, event: str, told: Struct) -> bytes:
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (
        id.encode(),
        event.encode(),
        msgspec.json.encode(told),
    )


def _soon(between: tuple[int, int]) -> int:
    return random.randint(*between)
