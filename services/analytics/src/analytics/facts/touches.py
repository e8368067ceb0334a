"""Touches with customers over every channel, planned and done."""

from __future__ import annotations

from typing import Any

from analytics.projection import Projection, Shape
from events.catalogue import TOUCH
from events.contacts import Touch

SHAPE = Shape(
    "touch_fact",
    {
        "owner": "uuid",
        "department": "uuid",
        "channel": "text",
        "status": "text",
        "planned_for": "timestamptz",
        "done_at": "timestamptz",
        "duration_minutes": "integer",
    },
)


def row(touch: Touch) -> tuple[Any, ...]:
    return (
        touch.owner,
        touch.department,
        touch.channel,
        touch.status,
        touch.planned_for,
        touch.done_at,
        touch.duration_minutes,
    )


TOUCHES = Projection(TOUCH, SHAPE, row)
