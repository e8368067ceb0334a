"""The managed reasons for winning and losing."""

from __future__ import annotations

from typing import Any

from analytics.projection import Projection, Shape
from events.catalogue import REASON
from events.sales import Reason

SHAPE = Shape("reason_dimension", {"outcome": "text", "code": "text", "name": "text"})


def row(reason: Reason) -> tuple[Any, ...]:
    return (reason.outcome, reason.code, reason.name)


REASONS = Projection(REASON, SHAPE, row)
