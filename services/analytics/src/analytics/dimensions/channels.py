"""The names of channels."""

from __future__ import annotations

from typing import Any

from analytics.projection import Projection, Shape
from events.catalogue import CHANNEL
from events.marketing import Channel

SHAPE = Shape("channel_dimension", {"name": "text"})


def row(channel: Channel) -> tuple[Any, ...]:
    return (channel.name,)


CHANNELS = Projection(CHANNEL, SHAPE, row)
