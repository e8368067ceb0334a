"""What owners and consumers tell one another to reconcile."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from events.topics import TOPICS

Place: TypeAlias = tuple[UUID, UUID]
"""(tenant, aggregate id): where a key stands in the order of all keys."""

FIRST: Place = (UUID(int=0), UUID(int=0))
LAST: Place = (UUID(int=2**128 - 1), UUID(int=2**128 - 1))

Moment: TypeAlias = Annotated[datetime, Meta(tz=True)]
Count: TypeAlias = Annotated[int, Meta(ge=0)]
Hash: TypeAlias = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]

_OWNER_OF = {topic.name: topic.owner for topic in TOPICS}


class Range(Struct, frozen=True):
    """The keys behind `after`, up to `until` and including it."""

    after: Place
    until: Place

    def __post_init__(self) -> None:
        if self.after >= self.until:
            raise ValueError("a range ends behind its beginning")


class Sum(Struct, frozen=True):
    """What one topic has in a range: how many keys, and a hash over them.

    The hash is SHA-256 over tenant, key (16 bytes each) and newest version (8
    bytes, big-endian) of every key, in the order of keys.
    """

    keys: Count
    hash: Hash


NOTHING = Sum(0, hashlib.sha256(b"").hexdigest())


class Digest(Struct, frozen=True, tag="digest", kw_only=True):
    """What an owner had journalled before `as_of`, in one range, by topic; none has nothing."""

    owner: str
    range: Range
    as_of: Moment
    topics: dict[str, Sum]

    def __post_init__(self) -> None:
        _belong(self.topics, self.owner)


class Cost(Struct, frozen=True):
    """What it took: rows read, milliseconds in the database, records sent."""

    rows: Count = 0
    milliseconds: float = 0.0
    records: Count = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.rows + other.rows,
            self.milliseconds + other.milliseconds,
            self.records + other.records,
        )


class Swept(Struct, frozen=True, tag="swept", kw_only=True):
    """All digests together hold for everything before `as_of`; `root` is the hash over them.

    `wishes` are those of services that were granted; `cost` is that of this sweep.
    """

    owner: str
    as_of: Moment
    root: Hash
    wishes: dict[str, Moment]
    cost: Cost


class Wish(Struct, frozen=True, tag="wish", kw_only=True):
    """`service` would like `owner` to sweep now; with `everything` to repeat what it had sent."""

    owner: str
    service: str
    wanted: Moment
    everything: bool = False


class Question(Struct, frozen=True, tag="question", kw_only=True):
    """Which keys of these topics has `owner` in a range, and which versions of before `as_of`?"""

    owner: str
    id: UUID
    range: Range
    as_of: Moment
    topics: tuple[str, ...]

    def __post_init__(self) -> None:
        _belong(self.topics, self.owner)


class Journalled(Struct, frozen=True, array_like=True):
    """The newest version of a key, and the newest one that was recorded before a moment (or 0)."""

    tenant: UUID
    key: UUID
    newest: Count
    settled: Count

    @property
    def place(self) -> Place:
        return self.tenant, self.key


class Answer(Struct, frozen=True, tag="answer", kw_only=True):
    """The keys of a question, topic by topic, up to `until` and including it."""

    id: UUID
    until: Place
    keys: dict[str, list[Journalled]]


Record: TypeAlias = Digest | Swept | Wish | Question | Answer


def _belong(topics: Iterable[str], owner: str) -> None:
    for topic in topics:
        if _OWNER_OF.get(topic) != owner:
            raise ValueError(f"{topic[:100]} is not a topic of {owner[:100]}")


_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Record] = msgspec.json.Decoder(Record)


def encode(record: Record) -> bytes:
    return _encoder.encode(record)


def decode(value: bytes | None) -> Record:
    """The record in `value`; ValueError (as msgspec raises it) when it is none."""
    if value is None:
        raise ValueError("the record has no value")
    return _decoder.decode(value)


def key_of(record: Record) -> bytes:
    """What the broker compacts by: of each range and owner the last digest counts."""
    match record:
        case Digest():
            tenant, id = record.range.after
            return f"digest:{record.owner}:{tenant}:{id}".encode()
        case Swept():
            return f"swept:{record.owner}".encode()
        case Wish():
            return f"wish:{record.owner}:{record.service}".encode()
        case Question() | Answer():
            return f"asked:{record.id}".encode()


def root_of(digests: Iterable[Digest]) -> str:
    """The hash over digests, in their order; their moments do not count."""
    whole = hashlib.sha256()
    for digest in digests:
        whole.update(msgspec.json.encode((digest.range, digest.topics), order="deterministic"))
    return whole.hexdigest()
