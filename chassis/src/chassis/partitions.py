"""Which Kafka partition a key belongs to: murmur2, as every Kafka client computes it.

Owners need it before sending, because the partition is the outbox slot. The
arithmetic is that of Kafka's own `Utils.murmur2`.
"""

from __future__ import annotations

import struct
from functools import lru_cache

_SEED = 0x9747B28C
_M = 0x5BD1E995
_MASK = 0xFFFFFFFF
_HEAD = 36
"""Bytes of a key that its tenant's other keys have too: the tenant id, in whole words."""


def murmur2(data: bytes) -> int:
    """Kafka's 32-bit murmur2 of `data`, unsigned."""
    length = len(data)
    whole = length & ~3
    head = min(_HEAD, whole)
    h = _mixed(_started(data[:head], length), data[head:whole])
    tail = data[whole:]
    if tail:
        h = (h ^ int.from_bytes(tail, "little")) * _M & _MASK
    h = (h ^ h >> 13) * _M & _MASK
    return h ^ h >> 15


def partition_of(key: bytes, partitions: int) -> int:
    """The partition of `key` in a topic of so many `partitions`."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


@lru_cache(maxsize=1_024)
def _started(head: bytes, length: int) -> int:
    return _mixed(_SEED ^ length, head)


def _mixed(h: int, words: bytes) -> int:
    for k in struct.unpack(f"<{len(words) // 4}I", words):
        k = k * _M & _MASK
        k = (k ^ k >> 24) * _M & _MASK
        h = (h * _M & _MASK) ^ k
    return h
