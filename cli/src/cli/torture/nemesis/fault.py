"""What a fault is: a kind that was planned, and what came of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random

import msgspec

from cli.torture.stage import Stage

Strike = Callable[[Stage, Random, float], Awaitable[str]]
"""Breaks something for so many seconds and mends it again; says what it has seen break."""


class Missed(Exception):
    """The fault could not strike; the message says why."""


class Fault(msgspec.Struct, kw_only=True):
    """One fault as it struck, in seconds since the run began; `missed` says why it did not."""

    kind: str
    began: float
    ended: float
    seen: str = ""
    missed: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """A way to break things, for between `shortest` and `longest` seconds.

    Kinds of the same lane never strike at the same time.
    """

    name: str
    lane: str
    strike: Strike
    shortest: float = 0.0
    longest: float = 0.0
    needs_kafka: bool = False
