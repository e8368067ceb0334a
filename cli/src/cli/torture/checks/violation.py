"""What a check finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import msgspec

from cli.torture.evidence import Evidence
from cli.torture.history import Operation


class Violation(msgspec.Struct, frozen=True):
    """Something that must not be; `operation` is the number of the one that it is about, if any."""

    check: str
    what: str
    operation: int | None = None


Check: TypeAlias = Callable[[Sequence[Operation], Evidence], Iterator[Violation]]
